/** How many members a shard may have, and what that means, wherever it runs. */
import { counted } from './steps.ts';

/** More members make writes slower and tolerate few more losses. */
export const membersMax = 5;

/** One or two sentences: what the loss of members means to a shard that has `count` of them. */
export function describeTolerance(count: number): string {
  const borne = Math.ceil(count / 2) - 1;
  if (count % 2 === 0)
    return `${count} members tolerate no more failures than ${count - 1}; add one more, or remove another.`;
  return borne === 0 ? 'It bears the loss of none.' : `It bears the loss of ${borne}.`;
}

/** The number of members on which all shards agree and that a new shard may have; null when there is none. */
export function agreedSize(sizes: readonly number[]): 1 | 3 | 5 | null {
  const [size, ...others] = new Set(sizes);
  return others.length === 0 && (size === 1 || size === 3 || size === 5) ? size : null;
}

/** "3 members", or "1 to 3 members" where they differ. */
export function describeSizes(sizes: readonly number[]): string {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return least === most ? counted(most, 'member') : `${least} to ${counted(most, 'member')}`;
}
