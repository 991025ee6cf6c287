// The commands that speak to the store, and those that change nothing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, smallCluster, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeAll(async () => {
  vase = new VaseCommand();
  expect((await vase.run(['up', ...smallCluster])).exitCode).toBe(0);
});
afterAll(() => vase.remove());

const everyByte = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);

test('bytes of standard input come back as they were', async () => {
  expect((await vase.run(['put', 'a key/with ünïcode?&#'], { input: everyByte })).exitCode).toBe(0);
  const { bytes } = await vase.run(['get', 'a key/with ünïcode?&#']);
  expect(bytes).toEqual(Buffer.from(everyByte));
});

test('bytes of a file come back as they were', async () => {
  const file = join(vase.stateRoot, '..', 'value');
  writeFileSync(file, everyByte);
  expect((await vase.run(['put', 'file', '--file', file])).exitCode).toBe(0);
  expect((await vase.run(['get', 'file'])).bytes).toEqual(Buffer.from(everyByte));
});

test('versions rise, and --json tells them', async () => {
  const first = JSON.parse((await vase.run(['put', 'k', 'one', '--json'])).stdout) as { version: number };
  const second = JSON.parse((await vase.run(['put', 'k', 'two', '--json'])).stdout) as { version: number };
  expect(second.version).toBeGreaterThan(first.version);
  expect(JSON.parse((await vase.run(['get', 'k', '--json'])).stdout)).toEqual({
    key: 'k',
    version: second.version,
    shard: 'etcd-1',
    value: Buffer.from('two').toString('base64'),
  });
});

test('a deleted key is gone, and a missing one is a failure with a sentence', async () => {
  await vase.run(['put', 'gone', 'x']);
  expect((await vase.run(['del', 'gone'])).stdout).toMatch(/^deleted at version \d+ on etcd-1\n$/);
  expect(await vase.run(['get', 'gone'])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: 'vase: there is no such key\n',
  });
  expect((await vase.run(['del', 'gone'])).exitCode).toBe(1);
});

test("a user's proxy is not asked for what is on this machine", async () => {
  const dead = 'http://127.0.0.1:9';
  const environment = { NODE_USE_ENV_PROXY: '1', http_proxy: dead, HTTPS_PROXY: dead, grpc_proxy: dead };
  for (const args of [['put', 'near', 'by'], ['get', 'near'], ['up'], ['view'], ['status']])
    expect(await vase.run(args, { environment })).toMatchObject({ exitCode: 0 });
});

test('a store that does not answer is said, with the doubt about a write', async () => {
  const args = ['--endpoint', 'http://127.0.0.1:1'];
  const put = await vase.run(['put', 'k', 'v', ...args]);
  expect(put.exitCode).toBe(1);
  expect(put.stderr).toContain('did not answer');
  expect((await vase.run(['get', 'k', '--endpoint', 'nonsense'])).exitCode).toBe(2);
});

test('logs are shown by name, and followed until Ctrl-C', async () => {
  const { stdout, exitCode } = await vase.run(['logs', 'sharder-1', '-n', '1']);
  expect(exitCode).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const child = vase.start(['logs', 'etcd-1-0', '--follow', '-n', '5']);
  child.stdout!.once('data', () => child.kill('SIGINT'));
  const followed = await ended(child);
  expect(followed).toMatchObject({ exitCode: 0, stderr: '' });
  const unknown = await vase.run(['logs', 'nobody']);
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('etcd-1-0, sharder-1') });
});

test('doctor looks at everything and finds an etcd', async () => {
  const { findings } = JSON.parse((await vase.run(['doctor', '--json'])).stdout) as {
    findings: { grade: string; what: string; fix: string | null }[];
  };
  expect(findings.some(({ what, grade }) => grade !== 'fault' && /^etcd 3\.\d/.test(what))).toBe(true);
  for (const { grade, fix } of findings) if (grade === 'fault') expect(fix).not.toBeNull();
});

test('doctor gives a fix for a taken port', async () => {
  const { endpoint } = await vase.status();
  const stranger = new VaseCommand();
  const { stdout, exitCode } = await stranger.run(['doctor'], {
    environment: { VASE_PORT: new URL(endpoint!).port },
  });
  await stranger.remove();
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/FAULT {2}port \d+ is taken by .*\n +Stop that, or use another port/);
});

test('every command explains itself', async () => {
  const { stdout } = await vase.run(['--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name!);
  expect(commands).toEqual(
    expect.arrayContaining(['up', 'down', 'clean', 'status', 'logs', 'doctor', 'get', 'put', 'del']),
  );
  for (const command of commands.filter((name) => name !== 'help')) {
    const help = await vase.run([command, '--help']);
    expect(help).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining(`Usage: vase ${command}`),
    });
  }
});

test('status is JSON for programs and columns for people', async () => {
  const asJson = JSON.parse((await vase.run(['status', '--json'])).stdout) as unknown;
  expect(asJson).toMatchObject({
    provider: 'local',
    health: 'ready',
    shards: [{ name: 'etcd-1', leader: 'etcd-1-0', hasQuorum: true, members: [{ etcd: { leads: true } }] }],
    sharders: [{ name: 'sharder-1', ready: true }],
  });
  const { stdout } = await vase.run(['status']);
  expect(stdout).toMatch(
    /^etcd-1 +etcd-1-0 +running +\d+ +\d+ +127\.0\.0\.1:\d+ +leader +3\.\d+\.\S+ +\S+ [KMG]iB +\d+$/m,
  );
});
