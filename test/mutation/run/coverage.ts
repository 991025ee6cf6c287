/**
 * Which seeds reach which mutant, and in which of them it would make a difference. One run of all seeds with probes finds this;
 * it is kept, since it depends on the sources alone. The same run gives the hashes of the unchanged sources.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CoverageReport } from './coverage-worker.ts';
import type { SeedResult } from './run-seed.ts';
import { runWorker } from './workers.ts';

export interface Coverage {
  /** The index is the seed less one. */
  results: readonly SeedResult[];
  /** Counts of mutant m in seed s at `m * seeds + s - 1`; at most 255. */
  reached: Uint8Array;
  differed: Uint8Array;
}

/** A seed with probes takes less than a second; a machine that runs many processes needs longer. */
const silentMsMax = 120_000;

export interface CoverageOptions {
  /** The file in which the coverage is kept. */
  path: string;
  seeds: number;
  mutants: number;
  jobs: number;
  compileCache: string;
  onProgress: () => void;
}

export async function coverageOf(options: CoverageOptions): Promise<Coverage> {
  return readKept(options) ?? find(options);
}

async function find({
  path,
  seeds,
  mutants,
  jobs,
  compileCache,
  onProgress,
}: CoverageOptions): Promise<Coverage> {
  const reached = new Uint8Array(mutants * seeds);
  const differed = new Uint8Array(mutants * seeds);
  const results: SeedResult[] = [];
  const take = (message: unknown) => {
    const report = message as CoverageReport;
    const counts = {
      reached: Buffer.from(report.reached, 'base64'),
      differed: Buffer.from(report.differed, 'base64'),
    };
    const { result } = report;
    if (result !== null) {
      results[result.seed - 1] = result;
      onProgress();
    }
    for (let mutant = 0; mutant < mutants; mutant++) {
      const at = mutant * seeds;
      if (result !== null) {
        reached[at + result.seed - 1]! |= counts.reached[mutant]!;
        differed[at + result.seed - 1]! |= counts.differed[mutant]!;
      } else if (counts.reached[mutant]! > 0) {
        // Code that runs while a module is loaded runs in every seed.
        reached.fill(1, at, at + seeds);
        if (counts.differed[mutant]! > 0) differed.fill(1, at, at + seeds);
      }
    }
  };
  const worker = { module: 'coverage-worker.ts', plant: 'plant-probes.ts', silentMsMax, compileCache };
  const ends = await Promise.all(
    Array.from({ length: jobs }, (_, index) =>
      runWorker(worker, { from: index + 1, to: seeds, step: jobs }, take),
    ),
  );
  const bad = ends.find(({ kind }) => kind !== 'done');
  if (bad !== undefined) throw new Error(`the run with probes failed: ${JSON.stringify(bad)}`);
  const coverage = { results, reached, differed };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.reached`, reached);
  writeFileSync(`${path}.differed`, differed);
  writeFileSync(path, JSON.stringify(results));
  return coverage;
}

function readKept({ path, seeds, mutants }: CoverageOptions): Coverage | null {
  if (!existsSync(path)) return null;
  const results = JSON.parse(readFileSync(path, 'utf8')) as SeedResult[];
  const reached = readFileSync(`${path}.reached`);
  const differed = readFileSync(`${path}.differed`);
  if (results.length !== seeds || reached.length !== mutants * seeds) return null;
  return { results, reached, differed };
}
