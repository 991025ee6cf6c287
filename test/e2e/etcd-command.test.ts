// `vase etcd` with the real means of this machine: its network, or its Go.
import { existsSync, readdirSync, symlinkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { runCommand } from '../../cluster/host/run-command.ts';
import { smallCluster, VaseCommand, type Ended } from './vase-command.ts';

let vase: VaseCommand;
let root: string;
/** The result of the first fetch or build. */
let got: Ended;
beforeAll(async () => {
  vase = new VaseCommand();
  root = dirname(vase.stateRoot);
  got = await run(['etcd', '3.6']);
});
afterAll(() => vase.remove());

const run = (args: readonly string[], environment: Record<string, string> = {}) =>
  vase.run(args, { environment: { VASE_ETCD: '', VASE_BIN: join(root, 'bin'), ...environment } });

function skipWithoutOne(context: TestContext): void {
  if (got.exitCode === 0) return;
  const reason = `\`vase etcd 3.6\` is NOT RUN to its end: ${got.stderr.trim()}`;
  process.stderr.write(`${reason}\n`);
  context.skip(reason);
}

test('a minor is fetched or built once; the folder is all that is printed, and holds that release', async (context) => {
  skipWithoutOne(context);
  const folder = got.stdout.trimEnd();
  expect(got.stdout).toBe(`${join(root, 'bin', 'fetched')}/${folder.split('/').at(-1)}\n`);
  const version = folder.split('/').at(-1)!;
  expect(version).toMatch(/^3\.6\.\d+$/);
  expect((await runCommand(join(folder, 'etcd'), ['--version'])).stdout).toContain(
    `etcd Version: ${version}\n`,
  );
  expect(got.stderr).toContain('getting etcd 3.6.14 from its release page');
  expect(readdirSync(join(root, 'bin', 'fetched'))).toEqual([version]);
  expect(await run(['etcd', version])).toMatchObject({ exitCode: 0, stdout: got.stdout, stderr: '' });
});

test('a new cluster runs it where PATH has none, says why, and clean leaves it for others', async (context) => {
  skipWithoutOne(context);
  const path = join(got.stdout.trimEnd(), 'etcd');
  const tools = join(root, 'tools');
  mkdirSync(tools);
  symlinkSync('/bin/sh', join(tools, 'sh'));
  const onTools = { PATH: tools };
  expect(await run(['etcd', 'default'], onTools)).toMatchObject({ stdout: got.stdout, stderr: '' });
  const up = await run(['up', ...smallCluster], onTools);
  expect(up).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`at ${path}: it was fetched or built before`),
  });
  expect(up.stdout).not.toContain('known faults');
  const { stdout } = await run(['etcd'], onTools);
  expect(stdout).toMatch(
    /^The cluster runs etcd 3\.6\.\d+ at .*, as its state records.*\nA new cluster runs etcd 3\.6\.\d+ at .*: it was/,
  );
  expect((await run(['clean'], onTools)).exitCode).toBe(0);
  expect(existsSync(path)).toBe(true);
});

test('a release that is not in the table is a wrong use, with those that are', async () => {
  for (const release of ['3.4', '3.6.1', '9.9.9', 'newest'])
    expect(await run(['etcd', release])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^vase: no etcd ${release} can be .* 3\\.7\\.3, .*3\\.5\\.33`),
      ),
    });
});

test('without Go and network it fails with what was tried; what VASE_ETCD names and is not there is refused', async () => {
  mkdirSync(join(root, 'empty'));
  const offline = { PATH: join(root, 'empty'), VASE_BIN: join(root, 'other') };
  expect(await run(['etcd', '3.7.3'], offline)).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /etcd 3\.7\.3 cannot be had:\n +etcd 3\.7\.3 built with Go: this machine has no Go.*\n +Install Go/,
    ),
  });
  for (const command of [['up', '--port', '0'], ['etcd'], ['doctor']]) {
    const { exitCode, stdout, stderr } = await run(command, { VASE_ETCD: '/nowhere/etcd' });
    expect(exitCode).toBe(1);
    expect(stdout + stderr).toContain('VASE_ETCD names /nowhere/etcd, which cannot be used: ');
  }
  expect(vase.processes()).toEqual([]);
});
