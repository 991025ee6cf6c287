/**
 * `make mutate`: plants mistakes in the sources, one at a time, and shows which of them neither the simulator nor the unit
 * tests notice. `--help` tells more.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { scenarioOfSeed } from '../../sim/run/scenario/scenario-arbitrary.ts';
import { choose } from './choose.ts';
import { help, OptionError, type Options, parseOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { elementsOf, tellingElements } from './report/elements.ts';
import { readEquivalents } from './report/equivalents.ts';
import { type Judged, isSurvivor, reasonsOf, totalsOf, type UnitVerdict } from './report/fates.ts';
import { markdownOf } from './report/write-report.ts';
import { type Coverage, coverageOf } from './run/coverage.ts';
import type { SeedVerdict } from './run/judge.ts';
import { type Chosen, firstVerdictOf, fullVerdictOf, inTurns, unitVerdictOf } from './run/judge-all.ts';
import { digestOf, KeptVerdicts } from './run/kept-verdicts.ts';
import { RelatedTests } from './run/related-tests.ts';
import { checkout, mutantsOfRooms, sourcesOfRooms } from './syntax/rooms.ts';

const sources = ['sharder/**/*.ts', 'sim/**/*.ts', 'cluster/resharding/**/*.ts', 'test/mutation/syntax/*.ts'];
const tests = [
  'test/unit/{sharder,cluster/resharding,cluster/viewserver,sim}/**/*.{ts,json}',
  'test/support/*.ts',
];

/** During the run, the report shows the results so far. */
const reportEveryMs = 30_000;

async function main(options: Options): Promise<number> {
  const folder = join(process.env['VASE_STATE'] || join(checkout, '.vase'), 'mutation');
  const all = mutantsOfRooms();
  const chosen = choose(all, options, options.retry === null ? null : survivorsOf(options.retry));
  if (options.isList) {
    for (const { mutant } of chosen) process.stdout.write(`${mutant.key}\n`);
    return 0;
  }
  const judged = await judge(chosen, all.length, folder, options);
  const { survived } = totalsOf(judged);
  process.stdout.write(
    `${summaryOf(judged)}\nReport: ${relative(process.cwd(), join(folder, 'report.md'))}\n`,
  );
  return survived > 0 ? 1 : 0;
}

async function judge(
  chosen: readonly Chosen[],
  mutants: number,
  folder: string,
  options: Options,
): Promise<Judged[]> {
  const { seeds, withTests } = options;
  const jobs = options.jobs ?? availableParallelism();
  const compileCache = join(folder, 'compiled');
  const ofSources = digestOf(...sources);
  const home = join(folder, `${ofSources}-${seeds}`);
  mkdirSync(home, { recursive: true });
  const probed = createProgress('seeds with probes', seeds);
  const coverage = await coverageOf({
    path: join(home, 'coverage.json'),
    seeds,
    mutants,
    jobs,
    compileCache,
    onProgress: probed,
  });
  const bySeeds = new KeptVerdicts<SeedVerdict>(join(home, 'by-seeds.jsonl'));
  const byTests = new KeptVerdicts<UnitVerdict>(join(home, `by-tests-${digestOf(...tests)}.jsonl`));
  const reasons = reasonsOf(readEquivalents());
  const judged: Judged[] = [];
  const write = reportWriter(folder, seeds, coverage);
  let writtenAtMs = performance.now();
  const writeNowAndThen = (so: readonly Judged[]) => {
    if (performance.now() < writtenAtMs + reportEveryMs) return;
    writtenAtMs = performance.now();
    write(so);
  };
  const stage = { kept: bySeeds, coverage, compileCache };
  const ran = createProgress('mutants against a few seeds', chosen.length);
  await inTurns(chosen, jobs, async (each) => {
    const verdict = await firstVerdictOf(each, stage);
    judged.push({ ...each, seeds: verdict, unit: null, equivalent: reasons.get(each.mutant.key) ?? null });
    ran(`; ${judged.filter(isSurvivor).length} survive so far`);
    writeNowAndThen(judged);
  });
  write(judged);
  const tough = options.isFew ? [] : judged.filter(isSurvivor);
  const ranAll = createProgress('survivors against all seeds', tough.length);
  await inTurns(tough, jobs, async (each) => {
    each.seeds = await fullVerdictOf(each, stage, each.seeds);
    ranAll();
    writeNowAndThen(judged);
  });
  write(judged);
  if (!withTests) return judged;
  const left = judged.filter(isSurvivor);
  const tested = createProgress('survivors against unit tests', left.length);
  const related = new RelatedTests();
  await inTurns(left, jobs, async (each, job) => {
    const scratch = join(home, `vitest-${job}.json`);
    each.unit = await unitVerdictOf(each, byTests, related.of(each.mutant.file), scratch);
    tested();
    writeNowAndThen(judged);
  });
  write(judged);
  return judged;
}

function reportWriter(
  folder: string,
  seeds: number,
  coverage: Coverage,
): (judged: readonly Judged[]) => void {
  const lines = new Map([...sourcesOfRooms()].map(([file, source]) => [file, source.split('\n')]));
  const all = Array.from({ length: seeds }, (_, index) => elementsOf(scenarioOfSeed(index + 1)));
  const elementsAt = ({ number, seeds: { reached, differed } }: Judged) => {
    if (reached === 0) return [];
    const counts = differed > 0 ? coverage.differed : coverage.reached;
    return tellingElements(
      all.filter((_, index) => counts[number * seeds + index]! > 0),
      all,
    );
  };
  return (judged) => {
    const sorted = judged.toSorted((a, b) => a.number - b.number);
    const lineOf = (file: string, line: number) => lines.get(file)![line - 1]!;
    writeFileSync(
      join(folder, 'report.md'),
      markdownOf({ judged: sorted, seeds, lineOf, elementsOf: elementsAt }),
    );
    const told = sorted.map((each) => (isSurvivor(each) ? { ...each, elements: elementsAt(each) } : each));
    writeFileSync(
      join(folder, 'report.json'),
      `${JSON.stringify({ totals: totalsOf(judged), judged: told }, null, 1)}\n`,
    );
  };
}

function summaryOf(judged: readonly Judged[]): string {
  const { mutants, equivalent, bySeeds, byTests, survived } = totalsOf(judged);
  return `${mutants} mutants: ${bySeeds} killed by seeds, ${byTests} by unit tests, ${equivalent} equivalent, ${survived} survived`;
}

function survivorsOf(report: string): Set<string> {
  const { judged } = JSON.parse(readFileSync(report, 'utf8')) as { judged: Judged[] };
  return new Set(judged.filter(isSurvivor).map(({ mutant }) => mutant.key));
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(help);
  else process.exitCode = await main(options);
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
