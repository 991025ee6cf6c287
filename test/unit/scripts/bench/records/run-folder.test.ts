import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePlan } from '../../../../../scripts/bench/records/plan-input.ts';
import { resultsCsv } from '../../../../../scripts/bench/records/results-csv.ts';
import type { CellResult, Environment } from '../../../../../scripts/bench/records/run-data.ts';
import {
  findUnfinished,
  newRunFolder,
  RunFolder,
  turnsOf,
} from '../../../../../scripts/bench/records/run-folder.ts';

const plan = parsePlan({ repeats: 2, a: { sharders: 1, shards: 1 }, b: { sharders: 2, shards: 1 } }, 'mine');
const latency = { medianMs: 1, meanMs: 2, p90Ms: 3, p95Ms: 4, p99Ms: 5, p999Ms: 6, maxMs: 7 };

function resultOf(turn: ReturnType<typeof turnsOf>[number]): CellResult {
  return {
    test: turn.cell.test,
    repeat: turn.repeat,
    cell: turn.cell,
    startedAt: '2026-11-22T17:00:00.000Z',
    peak: {
      offeredPerSecond: null,
      requestsPerSecond: 10,
      requests: 100,
      failed: 1,
      indefinite: 2,
      latency,
      histogram: '',
      generatorCores: 0.1,
      generatorWorkers: 1,
    },
    rates: [],
    use: [{ name: 'sharder-1', cores: 0.2, memoryBytesMax: 1 }],
    fsync: [],
    requestsPerShard: {},
    batch: { reads: null, writes: 3 },
    machineCores: 1,
    limit: 'sharders',
  };
}

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'vase-runs-'));
});
afterEach(() => rmSync(runs, { recursive: true }));

test('repeats go around all cells', () => {
  expect(turnsOf(plan).map(({ cell, repeat }) => `${cell.test}${repeat}`)).toEqual(['a1', 'b1', 'a2', 'b2']);
});

const here: Environment = {
  machine: 'a machine',
  cores: 2,
  memoryBytes: 1,
  os: 'an os',
  node: 'v24.0.0',
  etcd: '3.5.16',
  vase: '0.1.0',
  commit: 'abc',
  provider: 'local',
  disk: '',
};

/** A run of the plan of which the first turn has no result. */
function unfinished(name: string, environment: Environment | null): RunFolder {
  const folder = new RunFolder(join(runs, name));
  folder.create(plan);
  if (environment !== null) folder.writeEnvironment(environment);
  for (const turn of turnsOf(plan).slice(1)) folder.writeResult(resultOf(turn), []);
  return folder;
}

test('the newest run of the same plan with turns left is found, and no other', () => {
  expect(findUnfinished(runs, plan, here)).toBeNull();
  const folder = unfinished('mine-2026-11-22T17-00-00', here);
  expect(findUnfinished(runs, plan, here)).toEqual({ folder, changes: [] });
  expect(findUnfinished(runs, { ...plan, durationSeconds: 99 }, here)).toBeNull();
  const [first] = turnsOf(plan);
  folder.writeFailure({ test: 'a', repeat: 1, cell: first!.cell, failure: 'no disk' });
  expect(folder.read(first!)).toMatchObject({ failure: 'no disk' });
  expect(findUnfinished(runs, plan, here)).toBeNull();
});

test.each<[string, Partial<Environment>, string[]]>([
  ['another commit', { commit: 'def' }, ['commit def, not abc']],
  ['other changes to the sources', { commit: 'abc-modified-1' }, ['commit abc-modified-1, not abc']],
  ['another Node.js', { node: 'v24.1.0' }, ['node v24.1.0, not v24.0.0']],
  ['another etcd', { etcd: '3.4.30' }, ['etcd 3.4.30, not 3.5.16']],
  ['an etcd that is not known yet', { etcd: 'unknown' }, []],
  ['another disk, which the plan decides', { disk: 'off' }, []],
])('a run that was begun with what is here now is told from one with %s', (_what, change, changes) => {
  const folder = unfinished('mine-2026-11-22T17-00-00', here);
  expect(findUnfinished(runs, plan, { ...here, ...change })).toEqual({ folder, changes });
});

test('an older run that was begun with what is here now wins over a newer one that was not', () => {
  const older = unfinished('mine-2026-11-22T17-00-00', here);
  const newer = unfinished('mine-2026-11-22T18-00-00', { ...here, commit: 'def' });
  expect(findUnfinished(runs, plan, here)).toEqual({ folder: older, changes: [] });
  expect(findUnfinished(runs, plan, { ...here, commit: 'xyz' })?.folder).toEqual(newer);
});

test('a result that was cut off while it was written does not count', () => {
  const folder = newRunFolder(runs, plan);
  folder.create(plan);
  const [first] = turnsOf(plan);
  folder.writeResult(resultOf(first!), [
    { second: 0, requests: 1, p50Ms: 1, p99Ms: 1, failed: 0, indefinite: 0 },
  ]);
  // What is left of a process that was killed between writing and renaming.
  writeFileSync(join(folder.path, 'cells', 'b-1.json.4711'), '{"test":');
  expect(turnsOf(plan).filter((turn) => folder.read(turn) !== null)).toEqual([first]);
});

test('results.csv begins with the columns of the original’s results', () => {
  const original = readFileSync(
    new URL('../../../../../scripts/bench/data/original-results.csv', import.meta.url),
    'utf8',
  ).split('\n')[0]!;
  const [head, line] = resultsCsv([resultOf(turnsOf(plan)[0]!)]).split('\n');
  expect(head!.startsWith(`${original},`)).toBe(true);
  expect(line!.split(',').length).toBe(head!.split(',').length);
  expect(line).toMatch(/^a,1,1,500,100,3,10\.00,1\.00,2\.00,3\.00,4\.00,5\.00,6\.00,7\.00,1,3,original,1,2,/);
});

test('a folder without a plan is no run', () => {
  expect(() => new RunFolder(runs).readPlan()).toThrow(/holds no run/);
});
