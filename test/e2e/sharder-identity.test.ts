// Two shards whose fence records have the same mod revision, and whose addresses are swapped: neither is taken for the other.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRecords } from '../../cluster/records/records.ts';
import { fenceKey } from '../../sharder/core/fence.ts';
import { always, type Outcome } from '../../sharder/core/operation.ts';
import type { Store } from '../../sharder/core/store.ts';
import type { View } from '../../sharder/core/view.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';
import { createRealStore } from '../support/real-store.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const operationTimeoutMs = 1500;
/** Each of the two shards has some of these. */
const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
const bytes = (text: string) => new TextEncoder().encode(text);

let etcds: readonly RealEtcd[];
let proxies: readonly TcpProxy[];
let view: View;
const rpc = new GrpcEtcdRpc();

beforeAll(async () => {
  etcds = await Promise.all([1, 2].map(() => startRealEtcd({ folder: memoryFolder })));
  proxies = await Promise.all(etcds.map((etcd) => startTcpProxy(etcd.endpoints[0]!)));
  // The home shard's first write is the view.
  const before = await call(1, { kind: 'put', key: 'before', value: bytes('1') });
  expect(before.kind).toBe('reply');
  const shards = proxies.map(({ endpoint }, index) => ({ id: index + 1, endpoints: [endpoint] }));
  ({ view } = await writeRecords(rpc, shards));
});

afterAll(async () => {
  rpc.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await Promise.all(etcds.map((etcd) => etcd.stop()));
});

function call(index: number, request: Parameters<GrpcEtcdRpc['call']>[1]) {
  return rpc.call(etcds[index]!.endpoints[0]!, request, { deadlineMs: 5000 });
}

/** The revision of a shard's fence record, in its own etcd. */
async function fenceRevision(index: number): Promise<number> {
  const result = await call(index, { kind: 'range', key: fenceKey(view.shards[index]!) });
  if (result.kind !== 'reply' || result.reply.kind !== 'range') throw new Error(`no record: ${result.kind}`);
  return result.reply.kvs[0]!.modRevision;
}

function lead(order: readonly [number, number]): void {
  for (const [index, target] of order.entries()) proxies[index]!.setTarget(etcds[target]!.endpoints[0]!);
}

const putAll = (store: Store, value: string): Promise<Outcome[]> =>
  Promise.all(
    keys.map((key) =>
      store.execute({ kind: 'put', key, value: bytes(value), condition: always, wantPrevious: false }),
    ),
  );

const getAll = (store: Store): Promise<Outcome[]> =>
  Promise.all(keys.map((key) => store.execute({ kind: 'get', key })));

async function untilAllOk(run: () => Promise<Outcome[]>): Promise<Outcome[]> {
  for (;;) {
    const outcomes = await run();
    if (outcomes.every(({ kind }) => kind === 'ok')) return outcomes;
  }
}

test('no operation is acknowledged while the addresses are swapped, and all are when they are not any more', async () => {
  expect(await fenceRevision(0)).toBe(await fenceRevision(1));
  const store = createRealStore({
    rpc,
    home: view.shards[0]!.endpoints,
    limits: { operationTimeoutMs },
  });
  expect(await store.ready()).toBe(true);
  await untilAllOk(() => putAll(store, 'before'));
  lead([1, 0]);
  const during = [...(await putAll(store, 'during')), ...(await getAll(store))];
  expect(during.filter(({ kind }) => kind === 'ok')).toEqual([]);
  // A sharder that has only ever known the swapped addresses trusts neither shard.
  const late = createRealStore({ rpc, home: etcds[0]!.endpoints, limits: { operationTimeoutMs } });
  expect(await late.ready()).toBe(true);
  expect((await putAll(late, 'late')).filter(({ kind }) => kind === 'ok')).toEqual([]);
  lead([0, 1]);
  const values = (await untilAllOk(() => getAll(store))).map((outcome) =>
    outcome.kind === 'ok' && outcome.result.kind === 'get'
      ? new TextDecoder().decode(outcome.result.state!.value)
      : null,
  );
  expect(new Set(values)).toEqual(new Set(['before']));
  for (const index of [0, 1]) {
    const found = await call(index, { kind: 'range', key: 'd/', rangeEnd: 'd0' });
    if (found.kind !== 'reply' || found.reply.kind !== 'range') throw new Error(found.kind);
    // Each key is in one shard only.
    expect(found.reply.count).toBeLessThan(keys.length);
  }
  store.close();
  late.close();
});
