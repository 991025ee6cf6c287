/** One stuck transaction holds up only its own keys: on a real shard of three members. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { always, type Operation, type Outcome } from '../../sharder/core/operation.ts';
import type { EtcdRpc } from '../../sharder/core/ports.ts';
import type { Store } from '../../sharder/core/store.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { createRealStore } from '../support/real-store.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let cluster: LocalCluster;
let rpc: GrpcEtcdRpc;
/** By the member's endpoint. */
const proxies = new Map<string, TcpProxy>();
/** The proxy to which the last transaction with a put was sent. */
let writtenAt = '';
let writesSent = 0;

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 1, members: 3, sharders: 1 });
  const { shards } = await cluster.provider.status();
  for (const { endpoint } of shards[0]!.members) proxies.set(endpoint, await startTcpProxy(endpoint));
  rpc = new GrpcEtcdRpc();
});

afterAll(async () => {
  rpc.close();
  await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
  await cluster.close();
});

const noting: EtcdRpc = {
  call(endpoint, request, options) {
    if (request.kind === 'txn' && request.success.some(({ kind }) => kind === 'put')) {
      writtenAt = endpoint;
      writesSent++;
    }
    return rpc.call(endpoint, request, options);
  },
  watch: (endpoint, request, sink) => rpc.watch(endpoint, request, sink),
};

const put = (key: string): Operation => {
  return { kind: 'put', key, value: Buffer.from('v'), condition: always, wantPrevious: false };
};
const versionOf = (outcome: Outcome) => (outcome.kind === 'ok' ? outcome.result.version : outcome);

/** A store behind the proxies that has found the leader. It gives nothing up for a minute, so an earlier answer did not wait. */
async function openStore(leader: TcpProxy): Promise<Store> {
  const store = createRealStore({
    rpc: noting,
    home: [...proxies.keys()],
    limits: { overdueMs: 60_000, operationTimeoutMs: 60_000, writeAttemptMs: 60_000, readAttemptMs: 60_000 },
    redirect: (endpoint) => proxies.get(endpoint)!.endpoint,
  });
  onTestFinished(() => store.close());
  expect(await store.ready()).toBe(true);
  const writeSome = async () => {
    expect((await store.execute(put('warm'))).kind).toBe('ok');
    return writtenAt;
  };
  await expect.poll(writeSome).toBe(leader.endpoint);
  return store;
}

test('the others are answered while a write is stuck, and those of its key wait for its outcome', async () => {
  const { members, leader } = (await cluster.provider.status()).shards[0]!;
  const held = proxies.get(members.find(({ name }) => name === leader)!.endpoint)!;
  const store = await openStore(held);
  held.setMode('hold');
  onTestFinished(() => held.setMode('forward'));
  const ended: string[] = [];
  const note = async (name: string, operation: Operation) => {
    const outcome = await store.execute(operation);
    ended.push(name);
    return outcome;
  };
  const before = writesSent;
  const stuck = note('stuck', put('one'));
  await expect.poll(() => writesSent).toBeGreaterThan(before);
  const read = note('read', { kind: 'get', key: 'one' });
  const next = note('next', put('one'));
  // The lane is idle, and each put wakes it, one after the other.
  for (let number = 0; number < 5; number++) {
    expect((await store.execute(put(`other-${number}`))).kind).toBe('ok');
    expect((await store.execute({ kind: 'get', key: `other-${number}` })).kind).toBe('ok');
  }
  expect((await read).kind).toBe('ok');
  expect(ended).toEqual(['read']);
  expect(store.currentShards.get(1)!.load('write')).toMatchObject({ queued: 1, inFlight: 1 });

  held.setMode('forward');
  expect((await stuck).kind).toBe('ok');
  expect((await next).kind).toBe('ok');
  expect(ended).toEqual(['read', 'stuck', 'next']);
  expect(versionOf(await next)).toBeGreaterThan(versionOf(await stuck) as number);
  await expect
    .poll(() => store.currentShards.get(1)!.load('write'))
    .toEqual({ queued: 0, bytes: 0, inFlight: 0 });
});

test('other keys are answered within 2 s when the leader stands still, the election apart', async () => {
  const { shards } = await cluster.provider.status();
  const { members, leader } = shards[0]!;
  const old = members.find(({ name }) => name === leader)!;
  const others = members.filter((member) => member !== old);
  const url = (key: string) => `${cluster.endpoint}/v1/kv/${key}`;
  const write = (key: string) => fetch(url(key), { method: 'PUT', body: 'v' }).then(({ status }) => status);
  expect(await write('before')).toBeLessThan(300);
  process.kill(old.pid!, 'SIGSTOP');
  onTestFinished(() => void process.kill(old.pid!, 'SIGCONT'));
  const stuck = write('stuck');
  const namesItself = async (endpoint: string) => {
    const answer = await rpc.call(endpoint, { kind: 'status' }, { deadlineMs: 1000 });
    if (answer.kind !== 'reply' || answer.reply.kind !== 'status') return false;
    return answer.reply.leaderId === answer.reply.header?.memberId;
  };
  const hasNewLeader = async () =>
    (await Promise.all(others.map(({ endpoint }) => namesItself(endpoint)))).includes(true);
  await expect.poll(hasNewLeader, { timeout: 20_000, interval: 20 }).toBe(true);
  const electedAtMs = performance.now();
  // Sends puts until one is answered, as users do; none of them waits for another.
  let answeredAtMs = Infinity;
  const writeAndNote = async (key: string) => {
    if ((await write(key)) < 300) answeredAtMs = Math.min(answeredAtMs, performance.now());
  };
  const all: Promise<unknown>[] = [];
  for (let number = 0; answeredAtMs === Infinity && number < 200; number++) {
    all.push(writeAndNote(`other-${number}`));
    await delay(50);
  }
  expect(answeredAtMs - electedAtMs).toBeLessThan(2000);
  process.kill(old.pid!, 'SIGCONT');
  await Promise.all([stuck, ...all]);
});
