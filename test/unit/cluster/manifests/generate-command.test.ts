import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CommandError } from '../../../../cluster/host/command-error.ts';
import { runCommand } from '../../../../cluster/host/run-command.ts';

const program = path.join(import.meta.dirname, '../../../../scripts/vase.js');

describe('vase generate', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vase-generate-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const generate = (...flags: string[]) =>
    runCommand(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'generate', ...flags], {
      cwd: folder,
    });

  async function contents(out: string): Promise<Record<string, string>> {
    const files = await readdir(path.join(folder, out));
    const read = files.map(async (file) => [file, await readFile(path.join(folder, out, file), 'utf8')]);
    return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
  }

  test('writes the same bytes to a new folder, to another one, and over its own', async () => {
    const flags = ['--shards', '4', '--first', '2', '--overlay', 'gke', '--out'];
    await generate(...flags, 'one');
    const first = await contents('one');
    expect(Object.keys(first)).toContain('7-etcd-5.yaml');
    await generate(...flags, 'two');
    expect(await contents('two')).toEqual(first);
    await generate(...flags, 'one');
    expect(await contents('one')).toEqual(first);
  });

  test('says where nothing in a new cluster would write its first records', async () => {
    await writeFile(path.join(folder, 'alone.yaml'), 'viewServers: 0\n');
    const alone = await generate('--topology', 'alone.yaml', '--out', 'alone');
    expect(alone.stdout).toContain('no view server in them (viewServers: 0)');
    expect((await generate('--out', 'usual')).stdout).not.toContain('view server');
  });

  test.each([
    [['--shards', '0'], /shards: must be a whole number from 1 to 64/],
    [['--members', '4'], /members: must be one of 1, 3, 5/],
    [['--overlay', 'aws'], /Allowed choices are kind, gke/],
    [['--out', tmpdir()], /is not empty and was not made by vase generate/],
    [['--colour'], /unknown option/],
  ])('refuses %s with a sentence and exit code 2', async (flags, sentence) => {
    const failure = await generate(...flags).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    const { result } = failure as CommandError;
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });
});
