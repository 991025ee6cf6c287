/** `vase sim` as a user runs it: a soak, a replay with its story, and its exit codes. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scenarioOfSeed } from '../../sim/run/scenario/scenario-arbitrary.ts';

const checkout = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vase-sim-'));
});

afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function vase(args: string[], options: { nodeArguments?: string[]; bug?: string } = {}): Promise<Ended> {
  const nodeArguments = ['--disable-warning=ExperimentalWarning', ...(options.nodeArguments ?? [])];
  const env = { ...process.env, ...(options.bug === undefined ? {} : { VASE_SEEDED_BUG: options.bug }) };
  return new Promise((resolve) => {
    const all = [...nodeArguments, 'scripts/vase.js', ...args];
    execFile(process.execPath, all, { cwd: checkout, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function scenarioFile(content: string): Promise<string> {
  const file = join(folder, `${Math.random()}.json`);
  await writeFile(file, content);
  return file;
}

test('a soak says how many seeds it ran and exits with 0', async () => {
  const { code, stdout } = await vase(['sim', '--seeds', '1..20']);
  expect(stdout).toMatch(/^20 seeds in [0-9.]+ s \([0-9]+ a minute\): 0 failed; [0-9]+ operations ok/m);
  expect(stdout).toMatch(/strike .* import .* rollback/);
  expect(code).toBe(0);
});

test('a replay with --trace tells the story in order of time, twice the same', async () => {
  const file = await scenarioFile(JSON.stringify(scenarioOfSeed(3)));
  const first = await vase(['sim', '--scenario', file, '--trace']);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/ ms {2}client-\d +client\.asks +asks: (get|put|delete) \S/);
  expect(first.stdout).toMatch(/ ms {2}etcd-1-[012] +raft\.leader +becomes leader in term 1/);
  expect(first.stdout).toMatch(/ ms {2}nemesis +heal\.all/);
  expect(first.stdout).toContain('All properties hold.');
  const moments = [...first.stdout.matchAll(/^ *([0-9.]+) ms /gm)].map(([, moment]) => Number(moment));
  expect(moments).toEqual(moments.toSorted((a, b) => a - b));
  expect((await vase(['sim', '--scenario', file, '--trace'])).stdout).toBe(first.stdout);
});

test('a seed is a replay: its scenario, and the same story as that scenario has in a file', async () => {
  const ofSeed = await vase(['sim', '--seed', '3', '--trace']);
  expect(ofSeed.code).toBe(0);
  const drawn = JSON.stringify(scenarioOfSeed(3), null, 2);
  expect(ofSeed.stdout.startsWith(`${drawn}\n`)).toBe(true);
  const file = await scenarioFile(drawn);
  const ofFile = await vase(['sim', '--scenario', file, '--trace']);
  expect(ofSeed.stdout.slice(drawn.length + 1)).toBe(ofFile.stdout);
});

test('several scenarios and several seeds are replayed in one process, each under its name', async () => {
  const files = await Promise.all([3, 4].map((seed) => scenarioFile(JSON.stringify(scenarioOfSeed(seed)))));
  const ofFiles = await vase(['sim', '--scenario', ...files]);
  expect(ofFiles.code).toBe(0);
  const pattern = (names: string[]) =>
    new RegExp(names.map((name) => `^${name}:$[^]*All properties hold`).join('[^]*'), 'm');
  expect(ofFiles.stdout).toMatch(pattern(files));
  const ofSeeds = await vase(['sim', '--seed', '3', '4', '--json']);
  expect(ofSeeds.code).toBe(0);
  expect(ofSeeds.stdout).toMatch(/^\{"replay":"seed 3"\}$[^]*^\{"replay":"seed 4"\}$/m);
});

test('of several scenarios the gravest gives the exit code', async () => {
  const files = [await scenarioFile(JSON.stringify(scenarioOfSeed(1))), 'docs/scenarios/one-move.json'];
  const nodeArguments = ['--import', './test/property/seeded-bugs/plant.ts'];
  const bug = 'slot hash that differs between sharders';
  expect((await vase(['sim', '--scenario', ...files], { nodeArguments, bug })).code).toBe(4);
  expect((await vase(['sim', '--scenario', files[0]!, '/no/such/file'])).code).toBe(2);
});

test('a broken system exits with 4, and says which property is broken', async () => {
  const file = await scenarioFile(JSON.stringify(scenarioOfSeed(1)));
  const nodeArguments = ['--import', './test/property/seeded-bugs/plant.ts'];
  const bug = 'slot hash that differs between sharders';
  const { code, stdout } = await vase(['sim', '--scenario', file], { nodeArguments, bug });
  expect(stdout).toMatch(/^(linearizable: key|versions_rise: a \S+ of|ownership: \S+ was answered) /m);
  expect(code).toBe(4);
});

test.each([
  ['a file that is not there', ['--scenario', '/no/such/file'], 'cannot be read: ENOENT'],
  ['a range that is none', ['--seeds', '5..1'], '--seeds must be a seed or a range'],
  ['a seed that is none', ['--seed', 'x'], '--seed must be a seed'],
  ['a range for one seed', ['--seed', '1..2'], '--seed must be one seed'],
  ['two ways to say which', ['--seed', '1', '--seeds', '1..2'], 'cannot be used with'],
  ['a seed and a file', ['--seed', '1', '--scenario', 'a.json'], 'cannot be used with'],
  ['a story of many', ['--seeds', '1..2', '--trace'], '--trace tells the story of one scenario'],
])('%s is a usage error', async (_what, args, message) => {
  const { code, stderr } = await vase(['sim', ...args]);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(2);
});

test('a scenario with a wrong field is a usage error that names it', async () => {
  const scenario = scenarioOfSeed(1);
  const wrong = { ...scenario, topology: { ...scenario.topology, members: 4 } };
  const { code, stderr } = await vase(['sim', '--scenario', await scenarioFile(JSON.stringify(wrong))]);
  expect(stderr).toContain('topology.members');
  expect(code).toBe(2);
});

test('whoever has read enough of a story ends it without a word', async () => {
  const scenario = await scenarioFile(JSON.stringify(scenarioOfSeed(3)));
  const script = '"$0" scripts/vase.js sim --scenario "$1" --trace | head -n 1; echo "${PIPESTATUS[0]}"';
  const { stdout, stderr } = await new Promise<Omit<Ended, 'code'>>((resolve) => {
    const args = ['--norc', '-c', script, process.execPath, scenario];
    execFile('bash', args, { cwd: checkout }, (_error, out, err) => resolve({ stdout: out, stderr: err }));
  });
  expect(stderr).not.toContain('EPIPE');
  expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining(' ms '), '141']);
});
