import { expect, test } from 'vitest';
import type { EtcdCaller } from '../../../cluster/etcd/etcd-caller.ts';
import { writeFirstRecords } from '../../../cluster/records.ts';
import type { EtcdReply, EtcdRequest } from '../../../sharder/core/etcd-messages.ts';
import { decodeFence, encodeFence, FENCE_KEY, joiningFence } from '../../../sharder/core/fence.ts';
import { decodeView, encodeView, initialView, VIEW_KEY } from '../../../sharder/core/view.ts';

const shards = [1, 2, 3].map((id) => ({ id, endpoints: [`etcd-${id}:2379`] }));

/** Shards of one member each, that know the two requests which records are made with. */
class FakeShards {
  readonly stores = new Map(shards.map(({ endpoints }) => [endpoints[0]!, new Map<string, Uint8Array>()]));
  /** Writes that are still answered; then all is silent. */
  writesLeft = Infinity;

  readonly rpc: EtcdCaller = {
    call: async (endpoint, request) => {
      if (this.writesLeft <= 0) return { kind: 'undelivered', message: 'down' } as never;
      return { kind: 'reply', reply: this.answer(this.stores.get(endpoint)!, request) };
    },
  };

  of(shard: number): Map<string, Uint8Array> {
    return this.stores.get(`etcd-${shard}:2379`)!;
  }

  keys(): string[][] {
    return [...this.stores.values()].map((store) => [...store.keys()]);
  }

  private answer(store: Map<string, Uint8Array>, request: EtcdRequest): EtcdReply {
    const header = { revision: 1 } as never;
    const rangeOf = (key: string) => {
      const value = store.get(key);
      return { kind: 'range', header, kvs: value ? [{ value, modRevision: 1 }] : [] } as unknown as EtcdReply;
    };
    if (request.kind === 'range') return rangeOf(request.key);
    if (request.kind !== 'txn') throw new Error(`not expected: ${request.kind}`);
    const put = request.success[0] as { key: string; value: Uint8Array };
    if (store.has(put.key))
      return { kind: 'txn', header, succeeded: false, responses: [rangeOf(put.key)] } as EtcdReply;
    store.set(put.key, put.value);
    this.writesLeft -= 1;
    return { kind: 'txn', header, succeeded: true, responses: [] } as unknown as EtcdReply;
  }
}

test('an empty cluster gets a view, and each shard a fence for what the view gives it', async () => {
  const fake = new FakeShards();
  expect(await writeFirstRecords(fake.rpc, shards)).toBe(4);
  const view = decodeView(fake.of(1).get(VIEW_KEY)!);
  expect(view.shards.map(({ id }) => id)).toEqual([1, 2, 3]);
  for (const { id } of shards) {
    const fence = decodeFence(fake.of(id).get(FENCE_KEY)!);
    const owned = view.slots.flatMap((owner, slot) => (owner === id ? [slot] : []));
    expect(fence.slots.flatMap((state, slot) => (state?.kind === 'owned' ? [slot] : []))).toEqual(owned);
  }
  expect(await writeFirstRecords(fake.rpc, shards)).toBe(0);
});

test.each([1, 2, 3])('one that died after %i records is completed by the next', async (writes) => {
  const fake = new FakeShards();
  fake.writesLeft = writes;
  await expect(writeFirstRecords(fake.rpc, shards)).rejects.toThrow('does not answer');
  fake.writesLeft = Infinity;
  expect(await writeFirstRecords(fake.rpc, shards)).toBe(4 - writes);
  expect(fake.keys()).toEqual([[VIEW_KEY, FENCE_KEY], [FENCE_KEY], [FENCE_KEY]]);
});

test('a view that is there wins, whatever the topology says, and no record of its shards is made again', async () => {
  const fake = new FakeShards();
  await writeFirstRecords(fake.rpc, shards.slice(0, 2));
  const before = fake.of(1).get(VIEW_KEY);
  // A shard that lost its fence has lost its data too, and is no new one.
  fake.of(2).clear();
  expect(await writeFirstRecords(fake.rpc, shards)).toBe(0);
  expect(fake.of(1).get(VIEW_KEY)).toBe(before);
  expect(fake.keys()).toEqual([[VIEW_KEY, FENCE_KEY], [], []]);
});

test('a shard that joined later is not touched', async () => {
  const fake = new FakeShards();
  const view = { ...initialView(shards), epoch: 7 };
  fake.of(1).set(VIEW_KEY, encodeView(view));
  expect(await writeFirstRecords(fake.rpc, shards)).toBe(0);
  expect(fake.keys()).toEqual([[VIEW_KEY], [], []]);
});

test('where another shard has a fence, a missing view is a loss and no new one is written', async () => {
  const fake = new FakeShards();
  fake.of(3).set(FENCE_KEY, encodeFence(joiningFence(3, 5)));
  await expect(writeFirstRecords(fake.rpc, shards)).rejects.toThrow('shard 3 belongs to a cluster');
  expect(fake.keys()).toEqual([[], [], [FENCE_KEY]]);
});
