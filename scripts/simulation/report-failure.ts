/** A failure of the simulator for people: what broke, where the scenario is, and the one command that replays it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Failure } from '../../sim/run/search-failure.ts';
import { checkout } from '../context/places.ts';

/** Writes the scenario to a new folder of .vase/runs. @returns its path. */
export function saveScenario({ scenario }: Failure): string {
  const folder = join(checkout, '.vase', 'runs', `sim-${scenario.seed}-${Date.now()}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'scenario.json');
  writeFileSync(path, `${JSON.stringify(scenario, null, 2)}\n`);
  return path;
}

export function describeFailure({ scenario, violations, crash, runsBefore }: Failure, path: string): string {
  const { workload, faults, moves } = scenario;
  const lines = [
    `Seed ${scenario.seed} failed after ${runsBefore} runs that passed.`,
    ...violations.map(({ property, message }) => `  ${property}: ${message}`),
    ...(crash === null ? [] : [`  crash: ${crash}`]),
    `The scenario has ${workload.clients} clients, ${workload.operations} operations, ${faults.length} faults, ${moves.length} moves.`,
    'Replay it:',
    `  node scripts/vase.js sim --scenario ${relative(checkout, path)} --trace`,
  ];
  return lines.join('\n');
}
