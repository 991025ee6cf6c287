// Slots are read and cleared in pieces: the next piece is asked for while one is worked on, and no piece is larger than it may be.
import { expect, onTestFinished, test } from 'vitest';
import { clearSlots } from '../../../../cluster/resharding/clear-slots.ts';
import { Gate } from '../../../../cluster/resharding/gate.ts';
import { FencedWriter } from '../../../../cluster/resharding/records/fenced-writer.ts';
import { defaultMoverLimits } from '../../../../cluster/resharding/records/mover-limits.ts';
import { RecordsClient } from '../../../../cluster/resharding/records/records-client.ts';
import { copyPages } from '../../../../cluster/resharding/source/copy-slots.ts';
import type { EtcdRequest } from '../../../../sharder/core/etcd-messages.ts';
import { dataPrefix } from '../../../../sharder/core/slot.ts';
import { systemClock, systemRandom } from '../../../../sharder/system-clock.ts';
import { MemoryCluster } from '../viewserver/memory-cluster.ts';

const clock = systemClock;
const keyOf = (index: number) => `${dataPrefix(index % 3)}key-${String(index).padStart(2, '0')}`;

function open(keys: number): { cluster: MemoryCluster; records: RecordsClient } {
  const cluster = new MemoryCluster(1);
  const home = cluster.view.shards[0]!.endpoints;
  const trace = { emit: () => undefined };
  const records = new RecordsClient({ clock, random: systemRandom, trace, rpc: cluster, home, callMs: 1000 });
  onTestFinished(() => records.close());
  for (let index = 0; index < keys; index++) cluster.put(1, keyOf(index), new Uint8Array(4));
  return { cluster, records };
}

/** The operations of a transaction that succeeds. */
const operations = (request: EtcdRequest) => (request.kind === 'txn' ? request.success : []);

test('slots are cleared so many keys to a deletion, and so many deletions at a time', async () => {
  const { cluster, records } = open(50);
  const fence = await records.readFence(1);
  const retryPauseMs = 1;
  const writer = new FencedWriter(
    { records, clock, shard: 1, fence, holds: () => true, renew: null, retryPauseMs },
    300,
  );
  const kept = `${dataPrefix(3)}kept`;
  cluster.put(1, kept, new Uint8Array(4));
  let underWay = 0;
  let underWayMax = 0;
  const limits: number[] = [];
  cluster.onCall = (request) => {
    for (const operation of operations(request)) {
      if (operation.kind === 'range' && operation.limit !== undefined) limits.push(operation.limit);
      if (operation.kind !== 'delete_range') continue;
      underWayMax = Math.max(underWayMax, ++underWay);
      setTimeout(() => underWay--, 5);
    }
  };
  cluster.delayMsOf = (request) => (operations(request).some(({ kind }) => kind === 'delete_range') ? 10 : 0);
  const context = {
    records,
    clock,
    limits: { ...defaultMoverLimits, clearKeysMax: 4, clearsInFlightMax: 2 },
    freezes: new Gate(1),
  };
  await clearSlots(context, [0, 1, 2], writer);
  for (let index = 0; index < 50; index++) expect(cluster.get(1, keyOf(index))).toBeUndefined();
  expect(cluster.get(1, kept)).toBeDefined();
  expect(underWayMax).toBe(2);
  // Seven pieces of eight keys, of which each is two deletions, and a look that finds nothing.
  expect(limits).toEqual(Array.from({ length: 8 }, () => 8));
});

test('the next page of a copy is read while one is written', async () => {
  const { cluster, records } = open(10);
  let asked = 0;
  cluster.onCall = (request) =>
    void (asked += operations(request).some(({ kind }) => kind === 'range') ? 1 : 0);
  const pages = copyPages(records, { ...defaultMoverLimits, pageKeysMax: 5 }, { shard: 1, slots: [0, 1, 2] });
  const sizes: number[] = [];
  for await (const { kvs } of pages) {
    sizes.push(kvs.length);
    // Nobody comes for the next one before it has been asked for.
    if (sizes.length === 1) await expect.poll(() => asked).toBe(2);
  }
  expect([sizes, asked]).toEqual([[5, 5], 2]);
});
