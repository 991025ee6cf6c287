/** The fault that makes one member, or all of a shard's, answer some requests in an odd way. */
import type { SimCluster } from '../../etcd/cluster.ts';
import type { World } from '../world/world.ts';
import type { Fault } from '../scenario/scenario.ts';

/** @returns the name of the struck, and a function that ends the fault. */
export function answerOddly(
  { member, answer, percent, delayMs, atMs }: Extract<Fault, { kind: 'odd_answers' }>,
  { name, members }: SimCluster,
  world: World,
): { target: string; end: () => void } {
  const struck = member === null ? members : [members[member % members.length]!];
  const random = world.random(`${answer} of ${name} at ${atMs}`);
  const ends = struck.map(({ oddAnswers }) => oddAnswers.begin({ answer, percent, delayMs, random }));
  return {
    target: `${answer} of ${struck.map(({ process }) => process.name).join(', ')}`,
    end: () => ends.forEach((end) => end()),
  };
}
