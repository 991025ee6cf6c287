/** Turns a plan back into the form that people write: `readPlan` reads it as the same plan again. */
import type { BenchPlan } from '../records/run-data.ts';

export function writtenPlan(plan: BenchPlan): Record<string, unknown> {
  const { provider, repeats, limits, cells, expectations } = plan;
  return {
    provider,
    warmup: plan.warmupSeconds,
    duration: plan.durationSeconds,
    repeats,
    rates: plan.rateShares,
    rateDuration: plan.rateSeconds,
    limits,
    ...Object.fromEntries(
      cells.map(({ test, rateShares, ...cell }) => [
        test,
        rateShares === undefined ? cell : { ...cell, rates: rateShares },
      ]),
    ),
    expectations,
  };
}
