/** The events in the runs of a soak, for people: which faults struck which phase of a move, which others, and how often. */
import Table from 'cli-table3';
import { strikeName } from '../../sim/run/scenario/draw-strikes.ts';
import { strikablePhases, strikeKinds } from '../../sim/run/scenario/scenario.ts';
import type { Progress } from '../../sim/run/search-failure.ts';

export function strikeTable({ strikes, faults, answers, releases, members }: Progress): string {
  const table = new Table({ head: ['strike', ...strikablePhases], style: { head: [], border: [] } });
  for (const what of strikeKinds)
    table.push([what, ...strikablePhases.map((phase) => strikes[strikeName(what, phase)] ?? '')]);
  return [
    table.toString(),
    `faults: ${inOrder(faults)}`,
    `odd answers: ${inOrder(answers)}`,
    `runs on etcd: ${inOrder(releases)}`,
    `members: ${inOrder(members)}`,
  ].join('\n');
}

/** The most frequent first. */
function inOrder(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
