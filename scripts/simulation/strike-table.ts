/** What the runs of a soak went through, for people: what befell which phase of a move, and how often. */
import Table from 'cli-table3';
import { strikeName } from '../../sim/run/draw-strikes.ts';
import { strikablePhases, strikeKinds } from '../../sim/run/scenario.ts';
import type { Progress } from '../../sim/run/search-failure.ts';

export function strikeTable({ strikes, faults }: Progress): string {
  const table = new Table({ head: ['strike', ...strikablePhases], style: { head: [], border: [] } });
  for (const what of strikeKinds)
    table.push([what, ...strikablePhases.map((phase) => strikes[strikeName(what, phase)] ?? '')]);
  const others = Object.entries(faults)
    .toSorted(([, one], [, other]) => other - one)
    .map(([kind, count]) => `${kind} ${count}`);
  return `${table.toString()}\nfaults: ${others.join(', ')}`;
}
