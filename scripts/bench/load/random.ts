/** Random numbers from a seed (mulberry32), and the two distributions of keys. */

/** Numbers in [0, 1). */
export type Draw = () => number;

export function drawsOf(seed: number): Draw {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function uniformBelow(count: number, draw: Draw): () => number {
  return () => Math.floor(draw() * count);
}

/** YCSB's skew: with 100,000 keys the first takes 8 % of the requests. */
const theta = 0.99;

const sums = new Map<number, number>();

/** The sum of all weights, kept: each of many users asks for the same one. */
function zeta(count: number): number {
  let sum = sums.get(count);
  if (sum !== undefined) return sum;
  sum = 0;
  for (let rank = 1; rank <= count; rank++) sum += rank ** -theta;
  sums.set(count, sum);
  return sum;
}

/**
 * Zipfian ranks from 0, by the method of Gray et al., "Quickly generating billion-record synthetic databases" (1994), as
 * YCSB has it. Ranks are not scattered: keys reach their slots by a hash anyway.
 */
export function zipfianBelow(count: number, draw: Draw): () => number {
  const total = zeta(count);
  const alpha = 1 / (1 - theta);
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2) / total);
  return () => {
    const point = draw();
    if (point * total < 1) return 0;
    if (point * total < 1 + 0.5 ** theta) return Math.min(1, count - 1);
    return Math.min(count - 1, Math.floor(count * (eta * point - eta + 1) ** alpha));
  };
}
