/**
 * Goodput at multiples of the capacity, which is measured first and in the same conditions. The multiples take turns
 * over the rounds, so that what else the machine does hits all of them alike.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult, Stream } from './load-messages.ts';
import { atLeast, type Claim, openMax, type PartResult, type Settings } from './part.ts';
import { pool, type Pooled } from './pooled.ts';
import { runLoad } from './run-load.ts';

export interface LevelsOptions {
  url: string;
  stream: Stream;
  /** Users of the closed loops that measure the capacity: few enough for an answer within a second. */
  users: readonly number[];
  /** Least ratio of the goodput at so many times the capacity to that at 0.9 times. */
  bounds: Readonly<Record<number, number>>;
}

const base = 0.9;
/** The capacity is only that below which nearly everything is answered in time: it is lowered until that is so ... */
const calibratedShareMin = 0.95;
/** ... and has to be so in the rounds that count. */
const baseShareMin = 0.9;
const capacityTries = 4;
const lowerBy = 0.85;
const settleMs = 2000;

export async function measureLevels(
  settings: Settings,
  { url, stream, users, bounds }: LevelsOptions,
): Promise<Omit<PartResult, 'claims'> & { claims: Claim[] }> {
  const { say, seconds, warmSeconds, rounds } = settings;
  const order = { url, warmSeconds, seconds, openMax };
  const goodputOf = (result: LoadResult) => result.streams[stream.name]!.good / seconds;
  const offer = async (ratePerSecond: number) => {
    const result = await runLoad({
      ...order,
      load: { kind: 'open', streams: [{ ...stream, ratePerSecond }] },
    });
    await delay(settleMs);
    return result;
  };
  let capacity = 0;
  for (const count of users) {
    const found = goodputOf(await runLoad({ ...order, load: { kind: 'closed', stream, users: count } }));
    say(`  ${count} users in closed loops: ${found.toFixed(0)}/s in time`);
    capacity = Math.max(capacity, found);
    await delay(settleMs);
  }
  for (let attempt = 1; attempt < capacityTries; attempt++) {
    const share = goodputOf(await offer(base * capacity)) / (base * capacity);
    say(`  ${base} times ${capacity.toFixed(0)}/s: ${(share * 100).toFixed(0)} % in time`);
    if (share >= calibratedShareMin) break;
    capacity *= lowerBy;
  }
  const factors = [base, ...Object.keys(bounds).map(Number)];
  const results = new Map<number, LoadResult[]>(factors.map((factor) => [factor, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < factors.length; turn++) {
      const factor = factors[(turn + round) % factors.length]!;
      const result = await offer(factor * capacity);
      results.get(factor)!.push(result);
      say(`  round ${round + 1} of ${rounds}: ${factor} times: ${goodputOf(result).toFixed(0)}/s in time`);
    }
  }
  const pooled = new Map([...results].map(([factor, list]) => [factor, pool(list, stream.name, seconds)]));
  return {
    runs: Object.fromEntries([...pooled].map(([factor, run]) => [`${factor} times`, run])),
    claims: judgeLevels(pooled, bounds),
    notes: [`capacity ${capacity.toFixed(0)}/s`],
  };
}

export function judgeLevels(
  runs: ReadonlyMap<number, Pooled>,
  bounds: Readonly<Record<number, number>>,
): Claim[] {
  const below = runs.get(base)!;
  return [
    atLeast(
      `${base} times the capacity: share answered in time`,
      below.goodPerSecond / below.duePerSecond,
      baseShareMin,
    ),
    ...Object.entries(bounds).map(([factor, bound]) =>
      atLeast(
        `goodput at ${factor} times the capacity to that at ${base} times`,
        runs.get(Number(factor))!.goodPerSecond / below.goodPerSecond,
        bound,
      ),
    ),
  ];
}
