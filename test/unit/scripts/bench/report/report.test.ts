/** The report of synthetic runs: whole, interrupted, failing, of one cell; and that its figures are those of the run. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '../../../../../cluster/errors.ts';
import { runCommand } from '../../../../../cluster/host/run-command.ts';
import { parsePlan, readPlan } from '../../../../../scripts/bench/records/plan-input.ts';
import type { Drawing } from '../../../../../scripts/bench/draw/drawing.ts';
import { readRun } from '../../../../../scripts/bench/records/read-run.ts';
import { makeReport, writeReport } from '../../../../../scripts/bench/report/write-report.ts';
import { writtenPlan } from '../../../../../scripts/bench/report/written-plan.ts';
import { cellPlan, writeSyntheticRun, type SyntheticOptions } from '../../../../support/synthetic-run.ts';

let folder: string;
let written = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vase-report-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(options: SyntheticOptions): Promise<string> {
  const path = join(folder, `run-${++written}`);
  await writeSyntheticRun(path, { rateShares: [], ...options });
  return path;
}

/** Without the pictures' files, which take time. */
async function report(
  options: SyntheticOptions,
): Promise<{ path: string; page: string; drawings: Drawing[] }> {
  const path = await write(options);
  return { path, ...makeReport(await readRun(path)) };
}

test(
  'a whole run has every figure as SVG and PNG, and the page holds them all',
  { timeout: 60_000 },
  async () => {
    const cells = [cellPlan('a1', 1, 1), cellPlan('a2', 2, 1), cellPlan('b2', 1, 2)];
    const path = await write({
      cells,
      profiles: ['calibrated', 'gke-pd-ssd'],
      repeats: 2,
      rateShares: [0.5],
    });
    const files = await writeReport(path);
    const page = await readFile(files[0]!, 'utf8');
    const figures = [
      'scaling-sharders',
      'scaling-sharders-this-run',
      'scaling-shards',
      'scaling-shards-this-run',
      'heat-map',
      'latency-by-load',
      'cores-in-use',
      'throughput-over-time',
    ];
    expect(files.map((file) => basename(file))).toEqual([
      'report.html',
      ...figures.flatMap((name) => [`${name}.svg`, `${name}.png`]),
    ]);
    for (const name of figures) expect(page).toContain(`id="${name}"`);
    const png = await readFile(join(path, 'scaling-sharders.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    // 2 x 2 panels, drawn twice as dense.
    expect(png.readUInt32BE(16)).toBeGreaterThan(1800);
    const svg = await readFile(join(path, 'scaling-sharders.svg'), 'utf8');
    expect(svg).not.toContain('var(--');
    for (const series of ['original', 'measured', 'predicted', 'gke-pd-ssd'])
      expect(svg).toContain(`>${series}</text>`);
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  },
);

test.each([
  ['smoke', readPlan('smoke')],
  ['local', readPlan('local', { provider: 'kind', repeats: 3 })],
  ['original', readPlan('original')],
])('the plan %s is the same again when it is written and read', (name, plan) => {
  expect(parsePlan(JSON.parse(JSON.stringify(writtenPlan(plan))), name)).toEqual(plan);
});

test('the lines to repeat a run do what they say', { timeout: 60_000 }, async () => {
  const state = join(folder, "it's a state");
  const path = join(state, 'runs', 'synthetic-1');
  const cells = [cellPlan('a1', 1, 2)];
  const commit = (await runCommand('git', ['-C', checkout, 'rev-parse', '--short=12', 'HEAD'])).stdout.trim();
  await writeSyntheticRun(path, { cells, commit: `${commit}-modified-0a1b2c3d` });
  const [page] = await writeReport(path);
  const shown = /<pre>([^]*?)<\/pre>/.exec(await readFile(page!, 'utf8'))![1]!;
  const text = shown.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&lt;', '<');
  const lines = text.split('\n');
  expect(lines[0]).toBe('# The sources had changes that this commit has not.');
  const [checkOut, install, setPath, bench, compare] = lines.slice(1) as [
    string,
    string,
    string,
    string,
    string,
  ];
  // What would take minutes, or change the checkout, is only looked at.
  expect(await shell(checkOut.replace('git checkout', 'git rev-parse --verify --short=12'), state)).toBe(
    commit,
  );
  expect(install).toBe('npm ci');
  const plan = await shell(bench.replace(/^.* --plan /, 'printf %s '), state);
  expect(bench).toMatch(/^node scripts\/vase\.js bench --plan '/);
  expect(readPlan(plan)).toEqual((await readRun(path)).plan);
  await writeSyntheticRun(join(state, 'runs', 'synthetic-2'), { cells, commit });
  expect(await shell(`${setPath}\n${compare}`, state)).toContain('a1');
});

const checkout = join(import.meta.dirname, '../../../../..');

/** What the lines print when they are run in this checkout, without the PATH of the tests. */
async function shell(lines: string, state: string): Promise<string> {
  const extraEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', VASE_STATE: state };
  return (await runCommand('sh', ['-ec', `cd '${checkout}'\n${lines}`], { extraEnvironment })).stdout.trim();
}

test("the page tells the run's own figures", async () => {
  const { path, page } = await report({ cells: [cellPlan('only', 2, 1)], repeats: 1 });
  const cell = JSON.parse(await readFile(join(path, 'cells/only-1.json'), 'utf8'));
  const perSecond = Math.round(cell.peak.requestsPerSecond).toLocaleString('en');
  expect(page).toContain(`<b class="">${perSecond} requests/s</b>`);
  expect(page).toContain('One repeat of each cell');
  expect(page).not.toContain('id="latency-by-load"');
});

test('expectations are shown as held, broken and not measured', async () => {
  const rise = (from: string, to: string, ratioMin: number) =>
    ({ from, to, figure: 'requests_per_second', ratioMin, ratioMax: null }) as const;
  const { page } = await report({
    failing: ['b2'],
    expectations: [rise('a1', 'a2', 1.7), rise('a1', 'a2', 3), rise('b1', 'b2', 1.5)],
  });
  expect(page).toContain('1 of 3');
  for (const verdict of ['held', 'broken', 'not measured']) expect(page).toContain(`<td>${verdict}</td>`);
  expect(page).toContain('etcd-2-1 was not ready after 60 s');
});

test('cells at the limit of the machine are marked and said', async () => {
  const { drawings, page } = await report({});
  expect(page).toMatch(/In a4, b3 the machine .* was the limit/);
  expect(drawings[0]!.legend.map(({ label }) => label)).toContain('hollow: this machine was the limit');
  const free = await report({ cells: [cellPlan('a1', 1, 2), cellPlan('a2', 2, 2)] });
  expect(free.page).not.toContain('was the limit, not the store');
});

test('an interrupted run has a report that says what is not there', async () => {
  const path = join(folder, 'interrupted');
  await writeSyntheticRun(path, { missing: ['b1', 'b2', 'b3'], environment: false });
  await writeFile(join(path, 'samples/a4-3.jsonl'), '{"second":0,"requests":5,"p50Ms":1,"p99Ms":2,"fai');
  await writeFile(join(path, 'cells/a4-3.json'), '{"test":');
  const { page } = makeReport(await readRun(path));
  expect(page).toContain('Not measured yet: b1, b2, b3');
  expect(page).toContain('a4-3.json is not JSON');
  expect(page).toContain('3 of 6');
});

test('a run of which every cell failed, and one that only has its plan, have a report too', async () => {
  const cells = [cellPlan('a1', 1, 2), cellPlan('a2', 2, 2)];
  expect((await report({ cells, failing: ['a1', 'a2'] })).page).toContain('0 of 2');
  expect((await report({ cells, missing: ['a1', 'a2'], environment: false })).page).toContain(
    'Not measured yet',
  );
});

test('what a file says is text in the page, not markup', async () => {
  const run = await readRun(await write({}));
  run.plan.name = '<img src=x onerror=alert(1)>';
  run.plan.cells[0]!.test = '<img src=y>';
  const { page } = makeReport(run);
  expect(page).not.toContain('<img');
  expect(page).toContain('&lt;img');
});

test('a folder that is no run is refused in one sentence', async () => {
  await expect(writeReport(join(folder, 'none'))).rejects.toThrow(UsageError);
});
