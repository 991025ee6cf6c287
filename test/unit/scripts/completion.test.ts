// What the shells complete: bash itself asks here, as it does when a user presses the key.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandTable } from '../../../scripts/command-table.ts';
import { answer } from '../../../scripts/completion/answer.ts';
import { scriptFor, shells } from '../../../scripts/completion/scripts.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const run = [process.execPath, join(checkout, 'scripts', 'vase.js')];
let stateRoot: string;
let place: { provider: undefined; stateRoot: string };

beforeAll(() => {
  stateRoot = mkdtempSync(join(tmpdir(), "vase completion's "));
  place = { provider: undefined, stateRoot };
  // As of a cluster that was stopped: names, and no process.
  const shard = (id: number) => ({ id, members: [{ name: `etcd-${id}-0` }, { name: `etcd-${id}-1` }] });
  const state = {
    format: 1,
    shards: [shard(1), shard(4)],
    sharders: [{ name: 'sharder-1' }],
    keeper: { name: 'keeper' },
  };
  writeFileSync(join(stateRoot, 'cluster.json'), JSON.stringify(state));
  mkdirSync(join(stateRoot, 'runs', 'local-1'), { recursive: true });
  writeFileSync(join(stateRoot, 'topology.yaml'), '');
});
afterAll(() => rmSync(stateRoot, { recursive: true }));

const valuesFor = async (...words: string[]) =>
  (await answer(commandTable, words, place)).candidates.map(({ value }) => value);

test('without a word, all commands, each with what the help says of it', async () => {
  const { candidates, files } = await answer(commandTable, [''], place);
  expect(candidates).toContainEqual({ value: 'del', description: 'Delete a key.' });
  expect(candidates).toHaveLength(commandTable.length);
  expect(files).toBe(false);
});

test.each([
  [['st'], ['status']],
  [['help', 'st'], ['status']],
  [
    ['shard', ''],
    ['add', 'remove', 'recover', 'list'],
  ],
  [
    ['shard', 'remove', ''],
    ['etcd-1', 'etcd-4'],
  ],
  [['shard', 'remove', 'etcd-4', ''], []],
  [['member', 'add', 'etcd-4'], ['etcd-4']],
  [
    ['member', 'replace', 'etcd-4'],
    ['etcd-4-0', 'etcd-4-1'],
  ],
  [
    ['move', '0-9', '--to', ''],
    ['1', '4'],
  ],
  [
    ['logs', '--follow', ''],
    ['etcd-1-0', 'etcd-1-1', 'etcd-4-0', 'etcd-4-1', 'sharder-1', 'keeper'],
  ],
  [['generate', '--overlay', 'gk'], ['gke']],
  [
    ['bench', '--provider', '='],
    ['local', 'kind', 'gke'],
  ],
  [['bench', '--provider=k'], ['kind']],
  [['bench', '--res'], ['--resume']],
  [['bench', '--resume', ''], ['local-1']],
  [['get', '--endpoint', 'http://127.0.0.1:1', '--j'], ['--json']],
  [['get', '--json', '--j'], []],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['nonsense', ''], []],
])('vase %j can go on with %j', async (words, expected) => {
  const values = await valuesFor(...words);
  expect(values).toEqual(expected);
});

test.each([
  [['up', '--topology', ''], true],
  [['check', 'a.jsonl', ''], true],
  [['get', ''], false],
])('a file may stand in vase %j: %s', async (words, files) => {
  expect((await answer(commandTable, words, place)).files).toBe(files);
});

test('a state that cannot be read has no names, and is no fault', async () => {
  const empty = { provider: undefined, stateRoot: join(stateRoot, 'none') };
  expect((await answer(commandTable, ['logs', ''], empty)).candidates).toEqual([]);
  const wrong = { provider: 'nonsense', stateRoot };
  expect((await answer(commandTable, ['logs', ''], wrong)).candidates).toEqual([]);
});

/** Has bash complete as at a prompt: what is then in COMPREPLY. */
async function inBash(...words: string[]): Promise<string[]> {
  const set = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vase_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const script = `${scriptFor('bash', run)}\n${set}`;
  const { stdout } = await promisify(execFile)(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', script, 'bash', 'vase', ...words],
    {
      cwd: stateRoot,
      env: { PATH: process.env['PATH'], HOME: stateRoot, VASE_STATE: stateRoot },
    },
  );
  return stdout.split('\n').filter(Boolean);
}

test('bash completes commands, options, shards, members and files', async () => {
  expect(await inBash('sta')).toEqual(['status']);
  expect(await inBash('sim', '--sc')).toEqual(['--scenario']);
  expect(await inBash('shard', 'remove', '')).toEqual(['etcd-1', 'etcd-4']);
  expect(await inBash('member', 'remove', 'etcd-1-')).toEqual(['etcd-1-0', 'etcd-1-1']);
  expect(await inBash('up', '--topology', 'topo')).toEqual(['topology.yaml']);
});

test('bash runs this checkout by the name vase where no program has it', async () => {
  const script = `${scriptFor('bash', run)}\nvase --version`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], {
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/m);
});

test.each(shells)('the script of %s asks the command line, and quotes its path', (shell) => {
  expect(scriptFor(shell, ["/a path/it's", '/door'])).toContain(
    String.raw`'/a path/it'\''s' '/door' completion answer -- `,
  );
});
