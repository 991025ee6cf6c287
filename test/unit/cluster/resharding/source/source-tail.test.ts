/** A watch that lags brings, while the copy runs, writes that are older than the copy. */
import { expect, test } from 'vitest';
import { frozenMarker } from '../../../../../cluster/resharding/source/marker.ts';
import { defaultMoverLimits } from '../../../../../cluster/resharding/records/mover-limits.ts';
import type { RecordsClient } from '../../../../../cluster/resharding/records/records-client.ts';
import { SourceTail } from '../../../../../cluster/resharding/source/source-tail.ts';
import { UnavailableError } from '../../../../../cluster/resharding/records/unavailable-error.ts';
import type { EtcdEvent, KeyValue } from '../../../../../sharder/core/etcd-messages.ts';
import type { WatchSink } from '../../../../../sharder/core/ports.ts';
import { dataPrefix, dataRangeEnd } from '../../../../../sharder/core/slot.ts';

const slot = 7;
const key = `${dataPrefix(slot)}a`;

function put(name: string, modRevision: number, value: Uint8Array): EtcdEvent {
  const kv = { key: name, value, createRevision: 1, modRevision, version: 1, lease: 0 };
  return { type: 'put', kv, prevKv: null };
}

/** All of the slot, or its keys before `end`. */
function page(revision: number, kvs: KeyValue[] = [], end = dataRangeEnd(slot)) {
  return { revision, kvs, end };
}

interface Opened {
  tail: SourceTail;
  bring: (event: EtcdEvent) => void;
  /** The view is without the source from now on. */
  removeSource: () => void;
  /** Watches that are open. */
  watches: () => number;
}

async function openTail({
  member = '1',
  early = [],
}: { member?: string; early?: EtcdEvent[] } = {}): Promise<Opened> {
  let sink: WatchSink | null = null;
  let isThere = true;
  let watches = 0;
  const demandSource = () => {
    if (!isThere) throw new UnavailableError(1, 'shard 1 is not in the view');
  };
  const records: Pick<RecordsClient, 'watch' | 'isMember' | 'isKnown' | 'avoidPreferred'> = {
    isMember: async (_shard, memberId) => {
      await Promise.resolve();
      demandSource();
      return memberId === member;
    },
    isKnown: () => isThere,
    avoidPreferred: () => undefined,
    watch: (_shard, _request, watcher) => {
      demandSource();
      sink = watcher;
      watches++;
      queueMicrotask(() => {
        watcher.onCreated?.(10, '1');
        for (const event of early) watcher.onEvents([event], event.kv.modRevision);
      });
      return Promise.resolve(() => void watches--);
    },
  };
  const clock = { nowMs: () => 0, schedule: () => () => undefined };
  const tail = new SourceTail({
    records: {
      ...records,
      watch: async (...all: Parameters<RecordsClient['watch']>) => records.watch(...all),
    } as RecordsClient,
    clock,
    limits: defaultMoverLimits,
    shard: 1,
    slots: [slot],
    move: '2.0',
    isStopped: () => false,
  });
  await tail.open();
  return {
    tail,
    bring: (event) => sink!.onEvents([event], event.kv.modRevision),
    removeSource: () => (isThere = false),
    watches: () => watches,
  };
}

test('a write that the copy holds a newer one of is forgotten, and one that the copy has not is kept', async () => {
  const { tail, bring } = await openTail();
  bring(put(key, 11, Uint8Array.of(1)));
  bring(put(`${key}b`, 13, Uint8Array.of(3)));
  tail.cover(page(12));
  bring(put(key, 12, Uint8Array.of(2)));
  expect(tail.take()).toEqual([{ kind: 'put', key: `${key}b`, value: Uint8Array.of(3) }]);
});

test('each page counts from its own revision on, and what comes before a page comes is in it', async () => {
  const { tail, bring } = await openTail();
  tail.cover(page(11, [], `${key}m`));
  bring(put(`${key}b`, 12, Uint8Array.of(1)));
  bring(put(`${key}x`, 13, Uint8Array.of(2)));
  bring(put(`${key}y`, 15, Uint8Array.of(3)));
  expect(tail.take()).toEqual([{ kind: 'put', key: `${key}b`, value: Uint8Array.of(1) }]);
  tail.cover(page(14));
  bring(put(`${key}z`, 14, Uint8Array.of(4)));
  bring(put(key, 16, Uint8Array.of(5)));
  expect(tail.take()).toEqual([
    { kind: 'put', key: `${key}y`, value: Uint8Array.of(3) },
    { kind: 'put', key, value: Uint8Array.of(5) },
  ]);
});

test('a marker from before the copy counts only when the copy has met it', async () => {
  const { tail, bring } = await openTail();
  const marker = put(dataPrefix(slot), 11, frozenMarker('2.0'));
  bring(marker);
  tail.cover(page(12));
  expect(tail.areAllMarked).toBe(false);
  const { tail: other } = await openTail();
  other.cover(page(12, [marker.kv]));
  expect([other.areAllMarked, other.markers]).toEqual([true, 1]);
});

test('what a watch brings before it is known who answers counts if that is the source, and not otherwise', async () => {
  const early = [put(key, 11, Uint8Array.of(1))];
  const { tail } = await openTail({ early });
  tail.cover(page(10));
  expect(tail.take()).toEqual([{ kind: 'put', key, value: Uint8Array.of(1) }]);
  await expect(openTail({ early, member: '2' })).rejects.toThrow('not known to be shard 1');
});

test('a watch is not opened again for ever when its source has left the view', async () => {
  const { tail, removeSource, watches } = await openTail();
  removeSource();
  await tail.reopen();
  expect(() => tail.take()).toThrow('the source has left');
  expect(watches()).toBe(0);
});

test('a watch that was opened just before its source left the view is closed', async () => {
  const { tail, removeSource, watches } = await openTail();
  const reopened = tail.reopen();
  await Promise.resolve();
  removeSource();
  await reopened;
  expect(watches()).toBe(0);
  expect(() => tail.take()).toThrow('the source has left');
});
