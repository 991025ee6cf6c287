/** How long a run still takes: the planned time of its cells, corrected by the real time of the finished ones. */
import type { BenchPlan } from '../records/run-data.ts';

/** Deploying and cleaning up a small local cluster; the first finished cell corrects it. */
const deploySeconds = 8;

/** The planned time of one cell. */
export function plannedSeconds({
  warmupSeconds,
  durationSeconds,
  rateShares,
  rateSeconds,
}: BenchPlan): number {
  return deploySeconds + warmupSeconds + durationSeconds + rateShares.length * (rateSeconds + 2);
}

/** @param spentSeconds on the `done` finished cells. @param inCellSeconds spent on the current one. */
export function secondsLeft(
  planned: number,
  {
    done,
    left,
    spentSeconds,
    inCellSeconds,
  }: Record<'done' | 'left' | 'spentSeconds' | 'inCellSeconds', number>,
): number {
  const each = done === 0 ? planned : spentSeconds / done;
  return left === 0 ? 0 : Math.max(0, each - inCellSeconds) + each * (left - 1);
}
