// The nemesis's actions on a local cluster, limits of processes, and ports that another program has taken meanwhile.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import { smallCluster, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
let provider: LocalProvider;
beforeAll(async () => {
  vase = new VaseCommand();
  provider = vase.provider;
  const up = await vase.run(['up', '--shards', '1', '--members', '3', '--sharders', '1', '--port', '0']);
  expect(up.stderr).toContain('Write and read a key');
});
afterAll(() => vase.remove());

async function leader(): Promise<string | undefined> {
  return (await provider.faults.targets()).find((target) => target.kind === 'member' && target.leads)?.name;
}

async function processOf(name: string): Promise<string | undefined> {
  return (await provider.faults.targets()).find((target) => target.name === name)?.process;
}

test('the targets are all members, sharders and view servers, one member leading', async () => {
  const targets = await provider.faults.targets();
  const members = ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'];
  expect(targets.map(({ name }) => name)).toEqual([...members, 'sharder-1', 'view-server-1']);
  expect(targets.filter((target) => target.kind === 'member' && target.leads)).toHaveLength(1);
});

test('a killed leader is gone, another one leads, and a restart brings it back', async () => {
  const victim = (await leader())!;
  await provider.faults.kill(victim);
  expect(await processOf(victim)).toBe('stopped');
  await expect.poll(leader, { timeout: 30_000 }).not.toBe(undefined);
  expect(await leader()).not.toBe(victim);
  await provider.faults.restart(victim);
  await expect.poll(async () => (await provider.status()).health, { timeout: 30_000 }).toBe('ready');
});

test('a paused member is seen as paused and goes on after resume', async () => {
  await provider.faults.pause('etcd-1-0');
  const status = await provider.status();
  const problem = { what: 'etcd-1-0 is paused (SIGSTOP)', fix: '`make up` wakes it.' };
  expect(status.problems).toContainEqual(problem);
  await provider.faults.resume('etcd-1-0');
  await expect.poll(async () => (await provider.status()).health, { timeout: 30_000 }).toBe('ready');
});

test('up wakes what is paused', async () => {
  await provider.faults.pause('etcd-1-1');
  await provider.faults.pause('sharder-1');
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await provider.status()).health).toBe('ready');
});

test('without two of three members the shard is unavailable, and up brings it back', async () => {
  await provider.faults.kill('etcd-1-0');
  await provider.faults.kill('etcd-1-1');
  const status = await provider.status();
  expect(status.problems[0]?.what).toContain('etcd-1 has no leader with a quorum');
  expect(status.health).toBe('unavailable');
  expect((await vase.run(['up'])).exitCode).toBe(0);
});

test('a sharder is restarted like a member', async () => {
  const before = (await provider.status()).sharders[0]!.pid;
  await provider.faults.restart('sharder-1');
  await expect.poll(async () => (await provider.status()).sharders[0]!.ready, { timeout: 30_000 }).toBe(true);
  expect((await provider.status()).sharders[0]!.pid).not.toBe(before);
});

test('an unknown name is a usage error', async () => {
  await expect(provider.faults.kill('etcd-9-0')).rejects.toThrow(
    'no member, sharder or view server is called etcd-9-0',
  );
});

test('clients move to another port when somebody took theirs; a peer port is named', async () => {
  await vase.run(['down']);
  const state = JSON.parse(readFileSync(`${vase.stateRoot}/cluster.json`, 'utf8')) as {
    shards: { members: { clientPort: number; peerPort: number }[] }[];
  };
  const { clientPort, peerPort } = state.shards[0]!.members[1]!;
  // The other members connect to what they take for their peer; a server does not close while a connection is open.
  const hangUp = (socket: Socket) => void socket.destroy();
  const onClientPort = createServer(hangUp).listen(clientPort, '127.0.0.1');
  const onPeerPort = createServer(hangUp).listen(peerPort, '127.0.0.1');
  onTestFinished(() => void [onClientPort.close(), onPeerPort.close()]);
  const refused = await vase.run(['up']);
  expect(refused.exitCode).toBe(3);
  expect(refused.stdout).toContain(`port ${peerPort}, which etcd-1-1 has to use again, is taken by`);
  await new Promise((resolve) => onPeerPort.close(resolve));
  const up = await vase.run(['up']);
  expect(refused.stderr).toContain('epoch 2');
  expect(up.exitCode).toBe(0);
});

test('limits are enforced and follow the topology without a restart, or the status says that they are not', async () => {
  const limited = new VaseCommand();
  onTestFinished(() => limited.remove());
  const file = `${limited.stateRoot}.yaml`;
  const up = async (sharder: string, ...size: string[]) => {
    writeFileSync(file, `resources:\n  sharder: ${sharder}\n`);
    const { exitCode, stdout } = await limited.run(['up', ...size, '--topology', file]);
    expect(exitCode).toBe(0);
    return stdout;
  };
  await up('{ cpu: 500m, memory: 512Mi }', ...smallCluster);
  const { notes, sharders } = await limited.status();
  const { pid } = sharders[0]!;
  // Notes about limits only: the etcd may have known faults, which are noted, too.
  const unlimited = (all: readonly string[]) =>
    all.filter((note) => note.includes('limits are not enforced'));
  if (unlimited(notes).length > 0) {
    expect(unlimited(notes)).toEqual([expect.stringContaining('not enforced for sharder-1')]);
    return;
  }
  expect(limitsOf(pid!)).toEqual({ cpu: '50000', memory: String(512 * 2 ** 20) });
  await up('{ cpu: 700m, memory: 600Mi }');
  expect(limitsOf(pid!)).toEqual({ cpu: '70000', memory: String(600 * 2 ** 20) });
  expect(await up('{ cpu: 700m, memory: 600Mi }')).toContain('nothing changed');
  await up('{ cpu: null, memory: null }');
  const lifted = limitsOf(pid!);
  expect([lifted.cpu, lifted.memory]).not.toContain('70000');
  expect(lifted.memory).toMatch(/^max$|^9\d{18}$/);
  const after = await limited.status();
  expect(unlimited(after.notes)).toEqual([]);
  expect(after.sharders[0]!.pid).toBe(pid);
});

/** The kernel's limits of a process's group, version 1 or 2. */
function limitsOf(pid: number): { cpu: string; memory: string } {
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const read = (controller: string, file: string, unified: string) => {
    const line = groups.find((group) => (group.split(':')[1] ?? '').split(',').includes(controller));
    const path = (line ?? groups.find((group) => group.startsWith('0::'))!).split(':')[2]!;
    const root = line === undefined ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`;
    const name = line === undefined ? unified : file;
    return readFileSync(`${root}${path}/${name}`, 'utf8').trim().split(' ')[0]!;
  };
  return {
    cpu: read('cpu', 'cpu.cfs_quota_us', 'cpu.max'),
    memory: read('memory', 'memory.limit_in_bytes', 'memory.max'),
  };
}
