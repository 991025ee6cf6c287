// Wrong values and taken ports: the message says what is wrong and what to do, and nothing is started.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { smallCluster, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeAll(() => {
  vase = new VaseCommand();
});
afterAll(() => vase.remove());

async function listenSomewhere(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test.each([
  [['up', '--shards', '0'], 'shards: must be a whole number from 1 to 64'],
  [['up', '--shards', 'many'], 'shards: must be a whole number from 1 to 64'],
  [['up', '--members', '2'], 'members: must be one of 1, 3, 5'],
  [['up', '--sharders', '-1'], 'sharders: must be a whole number'],
  [['up', '--port', '70000'], 'ports.http: must be a whole number from 0 to 65535'],
  [['up', '--topology', '/nowhere.yaml'], 'topology file /nowhere.yaml'],
  [['up', '--color', 'red'], "unknown option '--color'"],
  [['upp'], "unknown command 'upp'"],
  [['logs'], "missing required argument 'name'"],
  [['logs', 'x', '-n', 'y'], 'must be a whole number'],
])('`vase %j` is a wrong use: exit code 2, one sentence, no stack', async (args, message) => {
  const { exitCode, stdout, stderr } = await vase.run(args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe('');
  expect(existsSync(vase.stateRoot)).toBe(false);
});

test('a variable is checked like its flag, and a file too', async () => {
  const byVariable = await vase.run(['up'], { environment: { VASE_SHARDS: '65' } });
  expect(byVariable).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('shards: must be') });
  const doctor = await vase.run(['doctor'], { environment: { VASE_PORT: 'abc' } });
  expect(doctor).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(/^vase: topology: ports.http: must be a whole number from 0 to 65535\n?$/),
  });
  const file = join(vase.stateRoot, '..', 'topology.yaml');
  writeFileSync(file, 'shards: 1\netcd:\n  quota: 2GB\n');
  const byFile = await vase.run(['up', '--topology', file]);
  expect(byFile).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('etcd.quota: must be') });
});

test.each(['local', 'kind'])('TLS is refused with provider %s, and not left out', async (provider) => {
  const file = join(vase.stateRoot, '..', 'tls.yaml');
  writeFileSync(file, 'tls: true\n');
  const up = await vase.run(['up', '--provider', provider, '--topology', file]);
  expect(up).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('tls: must be null or false') });
  expect(existsSync(vase.stateRoot)).toBe(false);
});

test('a taken public port is named with its holder and a way out, and nothing is started', async () => {
  const port = await listenSomewhere();
  const up = await vase.run(['up', ...smallCluster, '--port', String(port)]);
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain(`port ${port} is taken by`);
  expect(up.stderr).toContain('make up PORT=5001');
  expect(vase.processes()).toEqual([]);
});

test('a program that only calls itself etcd fails with the end of its log', async () => {
  const folder = join(vase.stateRoot, '..', 'fake');
  mkdirSync(folder);
  const script = '#!/bin/sh\n[ "$1" = --version ] && echo "etcd Version: 3.5.0" || echo "no such luck" >&2\n';
  writeFileSync(join(folder, 'etcd'), script, { mode: 0o755 });
  const up = await vase.run(['up', ...smallCluster], {
    environment: { VASE_ETCD: folder },
  });
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain('etcd-1-0 ended right after its start');
  expect(up.stderr).toContain('no such luck');
  expect(vase.processes()).toEqual([]);
});
