import { expect, test } from 'vitest';
import type { EtcdCaller } from '../../../../cluster/etcd/etcd-caller.ts';
import { writeFirstRecords, writeRecords } from '../../../../cluster/records/records.ts';
import type {
  EtcdReply,
  EtcdRequest,
  RangeReply,
  RangeRequest,
} from '../../../../sharder/core/etcd-messages.ts';
import { decodeFenceOf, encodeFence, fenceKey, joiningFence } from '../../../../sharder/core/fence.ts';
import { IDENTITY_KEY } from '../../../../sharder/core/identity.ts';
import {
  decodeView,
  encodeView,
  initialView,
  VIEW_KEY,
  VIEW_MIRROR_KEY,
} from '../../../../sharder/core/view.ts';

const shards = [1, 2, 3].map((id) => ({ id, endpoints: [`etcd-${id}:2379`] }));

const unnoted = async () => undefined;

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
    const rangeOf = ({ key, rangeEnd = `${key}\0` }: { key: string; rangeEnd?: string }) => {
      const found = [...store].filter(([each]) => each >= key && each < rangeEnd);
      const kvs = found.map(([, value]) => ({ value, modRevision: 1 }));
      return { kind: 'range', header, kvs } as unknown as RangeReply;
    };
    if (request.kind === 'range') return rangeOf(request);
    if (request.kind !== 'txn') throw new Error(`not expected: ${request.kind}`);
    const succeeded = request.compare.every(({ key }) => !store.has(key));
    const reply = { kind: 'txn', header, succeeded } as const;
    if (!succeeded)
      return { ...reply, responses: request.failure.map((range) => rangeOf(range as RangeRequest)) };
    for (const put of request.success) if (put.kind === 'put') store.set(put.key, put.value);
    this.writesLeft -= 1;
    return { ...reply, responses: [] };
  }
}

/** The keys of a shard's own records, in the order in which they are written. */
function namesOf(fake: FakeShards, shard: number): string[] {
  const { identity } = decodeView(fake.of(1).get(VIEW_KEY)!).shards.find(({ id }) => id === shard)!;
  expect(identity).toMatch(/^[0-9a-f]{16}$/);
  return [fenceKey({ identity }), IDENTITY_KEY, ...(shard === 1 ? [] : [VIEW_MIRROR_KEY])];
}

test('an empty cluster gets a view, and each shard a fence for what the view gives it', async () => {
  const fake = new FakeShards();
  expect(await writeFirstRecords(fake.rpc, shards, unnoted)).toBe(4);
  const view = decodeView(fake.of(1).get(VIEW_KEY)!);
  expect(view.shards.map(({ id }) => id)).toEqual([1, 2, 3]);
  for (const shard of view.shards) {
    const { id } = shard;
    const fence = decodeFenceOf(shard, fake.of(id).get(fenceKey(shard))!);
    const owned = view.slots.flatMap((owner, slot) => (owner === id ? [slot] : []));
    expect(fence.slots.flatMap((state, slot) => (state?.kind === 'owned' ? [slot] : []))).toEqual(owned);
  }
  expect(await writeFirstRecords(fake.rpc, shards, unnoted)).toBe(0);
});

test('a shard is noted as formed before it has a fence, and where it has one', async () => {
  const fake = new FakeShards();
  const noted: unknown[] = [];
  const note = async ({ id }: { id: number }, isNew: boolean) => {
    noted.push([id, isNew, [...fake.of(id).keys()].some((key) => key.startsWith('vase/shard'))]);
  };
  const refuse = async () => Promise.reject(new Error('not whole yet'));
  await expect(writeFirstRecords(fake.rpc, shards, refuse)).rejects.toThrow('not whole yet');
  expect(fake.keys()).toEqual([[VIEW_KEY], [], []]);
  await writeFirstRecords(fake.rpc, shards, note);
  expect(noted.splice(0)).toEqual([3, 2, 1].map((id) => [id, true, false]));
  await writeFirstRecords(fake.rpc, shards, note);
  expect(noted).toEqual([3, 2, 1].map((id) => [id, false, true]));
});

test.each([1, 2, 3])('one that died after %i records is completed by the next', async (writes) => {
  const fake = new FakeShards();
  fake.writesLeft = writes;
  await expect(writeFirstRecords(fake.rpc, shards, unnoted)).rejects.toThrow('does not answer');
  fake.writesLeft = Infinity;
  expect(await writeFirstRecords(fake.rpc, shards, unnoted)).toBe(4 - writes);
  expect(fake.keys()).toEqual([[VIEW_KEY, ...namesOf(fake, 1)], namesOf(fake, 2), namesOf(fake, 3)]);
});

test('a view that is there wins, whatever the topology says, and no record of its shards is made again', async () => {
  const fake = new FakeShards();
  await writeFirstRecords(fake.rpc, shards.slice(0, 2), unnoted);
  const before = fake.of(1).get(VIEW_KEY);
  // A shard that lost its fence has lost its data too, and is no new one.
  fake.of(2).clear();
  expect(await writeFirstRecords(fake.rpc, shards, unnoted)).toBe(0);
  expect(fake.of(1).get(VIEW_KEY)).toBe(before);
  expect(fake.keys()).toEqual([[VIEW_KEY, ...namesOf(fake, 1)], [], []]);
});

test('a shard that joined later is not touched', async () => {
  const fake = new FakeShards();
  const view = { ...initialView(shards), epoch: 7 };
  fake.of(1).set(VIEW_KEY, encodeView(view));
  expect(await writeFirstRecords(fake.rpc, shards, unnoted)).toBe(0);
  expect(fake.keys()).toEqual([[VIEW_KEY], [], []]);
});

test.each([
  ['an identity', '0123456789abcdef'],
  ['no identity', undefined],
])(
  'where another shard has a fence, with %s, a missing view is a loss and no new one is written',
  async (_what, identity) => {
    const fake = new FakeShards();
    const name = { id: 3, identity };
    fake.of(3).set(fenceKey(name), encodeFence(joiningFence(name, 5)));
    await expect(writeFirstRecords(fake.rpc, shards, unnoted)).rejects.toThrow(
      'shard 3 belongs to a cluster',
    );
    expect(fake.keys()).toEqual([[], [], [fenceKey(name)]]);
  },
);

test('a shard at whose address another one answers is not taken for it, and gets no record of it', async () => {
  const fake = new FakeShards();
  await writeRecords(fake.rpc, shards);
  const before = fake.keys();
  const [second, third] = [fake.of(2), fake.of(3)];
  fake.stores.set('etcd-2:2379', third).set('etcd-3:2379', second);
  await expect(writeRecords(fake.rpc, shards)).rejects.toThrow('what answers as shard 2 is another shard');
  fake.stores.set('etcd-2:2379', second).set('etcd-3:2379', third);
  expect(fake.keys()).toEqual(before);
  expect(await writeRecords(fake.rpc, shards)).toMatchObject({ created: 0 });
});

test('shards of before there were identities keep their records, and go on without', async () => {
  const fake = new FakeShards();
  const view = initialView(shards);
  fake.of(1).set(VIEW_KEY, encodeView(view));
  expect(await writeRecords(fake.rpc, shards)).toMatchObject({ created: 3 });
  expect(fake.keys()).toEqual([
    [VIEW_KEY, 'vase/shard'],
    ['vase/shard', VIEW_MIRROR_KEY],
    ['vase/shard', VIEW_MIRROR_KEY],
  ]);
  expect(await writeRecords(fake.rpc, shards)).toMatchObject({ created: 0, view: { shards } });
});
