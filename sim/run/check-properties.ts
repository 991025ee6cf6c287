/** The properties of a finished run that are not watched while it goes on. */
import { slotOf } from '../../sharder/core/slot.ts';
import { hashText } from '../../sharder/hash.ts';
import { checkHistory } from '../checker/check-history.ts';
import type { KeyVerdict } from '../checker/verdict.ts';
import type { World } from '../world.ts';
import { decodeValue, type HistoryRecorder } from './history-recorder.ts';
import type { Scenario } from './scenario.ts';
import type { Violations } from './violations.ts';

export interface FinishedRun {
  scenario: Scenario;
  world: World;
  recorder: HistoryRecorder;
  violations: Violations;
  movesExpected: number;
  movesDone: number;
}

/**
 * A run in which fewer operations succeeded has proved nothing. Low, because two long power failures of the one shard that
 * has the keys are a fair scenario; that the runs together are rich is asked of the whole search.
 */
const okOperationsMin = 10;

export function checkProperties(run: FinishedRun): void {
  checkLinearizable(run);
  checkApplied(run);
  checkNotVacuous(run);
}

function checkLinearizable({ recorder, violations }: FinishedRun): void {
  for (const verdict of checkHistory(recorder.operations).keys) {
    if (verdict.kind === 'ok') continue;
    if (verdict.kind === 'unknown')
      violations.add('unknown', `key ${verdict.key}: too hard to judge within the bounds`);
    else violations.add('linearizable', `key ${verdict.key}: ${describe(verdict, recorder)}`);
  }
}

function describe(
  verdict: Extract<KeyVerdict, { kind: 'illegal' }>,
  { operations }: HistoryRecorder,
): string {
  const { action, outcome } = operations[verdict.blocked]!;
  return `${JSON.stringify(action)} with ${JSON.stringify(outcome)} cannot be placed: ${verdict.reason}`;
}

/**
 * Looks into the members, past all protocols: what a writer was told was certainly not applied is nowhere; what it was told
 * was applied is somewhere; and nothing was applied twice by one shard, unless its slot came back to it.
 */
function checkApplied({ world, scenario, recorder, violations }: FinishedRun): void {
  const movedSlots = new Set(
    scenario.moves.map(({ key }) => slotOf(`k${key % scenario.workload.keys}`, hashText)),
  );
  const applied = new Set<number>();
  for (const cluster of world.clusters) {
    const stores = cluster.members.map((member) => member.machine.store);
    const newest = stores.reduce((best, store) => (store.revision > best.revision ? store : best));
    const timesHere = new Map<number, number>();
    for (const { type, kv } of newest.changesSince(0)) {
      if (type !== 'put' || !kv.key.startsWith('d/')) continue;
      const value = decodeValue(kv.value);
      applied.add(value);
      if (!movedSlots.has(Number.parseInt(kv.key.slice(2, 6), 16)))
        timesHere.set(value, (timesHere.get(value) ?? 0) + 1);
    }
    for (const [value, times] of timesHere) {
      if (times > 1)
        violations.add(
          'indefinite_at_most_once',
          `value ${value} was applied ${times} times by ${cluster.name}`,
        );
    }
  }
  for (const value of recorder.failed) {
    if (applied.has(value))
      violations.add('definite_failures_never_applied', `value ${value} failed definitely and was applied`);
  }
  for (const value of recorder.acknowledged) {
    if (!applied.has(value))
      violations.add('acknowledged_applied', `value ${value} was acknowledged and no member has it`);
  }
}

function checkNotVacuous({ scenario, recorder, violations, movesExpected, movesDone }: FinishedRun): void {
  const { ok } = recorder.counts;
  if (ok < Math.min(okOperationsMin, scenario.workload.operations / 5))
    violations.add('vacuous', `only ${ok} operations succeeded`);
  if (movesDone < movesExpected)
    violations.add('vacuous', `${movesDone} of ${movesExpected} hand-overs were completed`);
}
