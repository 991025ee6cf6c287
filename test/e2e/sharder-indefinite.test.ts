/** Indefinite outcomes on real etcd, made by a proxy that cuts connections: no write is ever sent a second time. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { always, type Operation } from '../../sharder/core/operation.ts';
import type { EtcdRpc } from '../../sharder/core/ports.ts';
import { dataPrefix, slotOf } from '../../sharder/core/slot.ts';
import type { Store } from '../../sharder/core/store.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { hashText } from '../../sharder/hash.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { createRealStore } from '../support/real-store.ts';
import { type ProxyMode, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let cluster: LocalCluster;
let proxy: TcpProxy;
let rpc: GrpcEtcdRpc;
let store: Store;
let member: string;
/** Transactions that carried a put, by its key: counted above gRPC, below the client's retries. */
const sent = new Map<string, number>();

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 1, members: 1, sharders: 1 });
  const status = await cluster.provider.status();
  member = status.shards[0]!.members[0]!.endpoint;
  proxy = await startTcpProxy(member);
  rpc = new GrpcEtcdRpc();
  const counting: EtcdRpc = {
    call(endpoint, request, options) {
      if (request.kind === 'txn') {
        for (const op of request.success)
          if (op.kind === 'put') sent.set(op.key, (sent.get(op.key) ?? 0) + 1);
      }
      return rpc.call(endpoint, request, options);
    },
    watch: (endpoint, request, sink) => rpc.watch(endpoint, request, sink),
  };
  store = createRealStore({ rpc: counting, home: [proxy.endpoint], redirect: () => proxy.endpoint });
  expect(await store.ready()).toBe(true);
});

afterAll(async () => {
  store.close();
  rpc.close();
  await proxy.close();
  await cluster.close();
});

const put = (key: string): Operation => ({
  kind: 'put',
  key,
  value: Buffer.from('v'),
  condition: always,
  wantPrevious: false,
});

/** How often etcd has applied a write of the key since the key was made; 0 when it is missing. */
async function timesApplied(key: string): Promise<number> {
  const etcdKey = dataPrefix(slotOf(key, hashText)) + key;
  const result = await rpc.call(member, { kind: 'range', key: etcdKey }, { deadlineMs: 5000 });
  if (result.kind !== 'reply' || result.reply.kind !== 'range') throw new Error('etcd does not answer');
  return result.reply.kvs[0]?.version ?? 0;
}

/** Cuts connections under puts until ten of them have an unknown outcome. @returns how often etcd has applied each. */
async function cutPuts(mode: ProxyMode): Promise<number[]> {
  const applied: number[] = [];
  // A cut may hit a status call instead, which comes at any time: then the put succeeds and does not count.
  for (let round = 0; applied.length < 10 && round < 100; round++) {
    expect((await store.execute(put('warm'))).kind).toBe('ok');
    const key = `${mode}-${round}`;
    proxy.setMode(mode);
    const { kind } = await store.execute(put(key));
    // A later write shows that the connection is up again and that no part of the lost write is still on its way.
    expect((await store.execute(put('warm'))).kind).toBe('ok');
    if (kind !== 'unknown') continue;
    expect(sent.get(`${dataPrefix(slotOf(key, hashText))}${key}`)).toBe(1);
    applied.push(await timesApplied(key));
  }
  expect(applied).toHaveLength(10);
  return applied;
}

test('a put whose answer is cut off is unknown, was sent once and is never applied twice', async () => {
  const applied = await cutPuts('cut_on_reply');
  expect(Math.max(...applied)).toBe(1);
});

test('a put that is cut off on its way is unknown, was sent once and is not applied', async () => {
  expect(await cutPuts('cut_on_request')).toEqual(Array.from({ length: 10 }, () => 0));
});

test('a read whose connection is cut is repeated and succeeds', async () => {
  for (const mode of ['cut_on_reply', 'cut_on_request'] as const) {
    expect((await store.execute(put('read-me'))).kind).toBe('ok');
    proxy.setMode(mode);
    expect(await store.execute({ kind: 'get', key: 'read-me' })).toMatchObject({
      kind: 'ok',
      result: { state: { value: Buffer.from('v') } },
    });
  }
});
