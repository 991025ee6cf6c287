/** A process that runs consecutive seeds with a probe at every mutant, and reports for each seed which mutants it reached. */
import { differed, reached } from './plant-probes.ts';
import { runSeed, type SeedResult } from './run-seed.ts';

export interface CoverageReport {
  /** Null: while the modules were loaded. */
  result: SeedResult | null;
  /** A count for each mutant, at most 255, in base64. */
  reached: string;
  differed: string;
}

process.once('message', (work: { from: number; to: number; step: number }) => {
  void perform(work).then(() => process.disconnect());
});

async function perform({ from, to, step }: { from: number; to: number; step: number }): Promise<void> {
  tell(null);
  for (let seed = from; seed <= to; seed += step) tell(await runSeed(seed));
}

function tell(result: SeedResult | null): void {
  const report: CoverageReport = {
    result,
    reached: Buffer.from(reached).toString('base64'),
    differed: Buffer.from(differed).toString('base64'),
  };
  reached.fill(0);
  differed.fill(0);
  process.send!(report);
}
