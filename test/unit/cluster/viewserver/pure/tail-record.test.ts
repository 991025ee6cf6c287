// What a watch has said against what ranges say: every way to lose, repeat or reorder an event is told, and nothing else.
import { expect, test } from 'vitest';
import { TailRecord } from '../../../../../cluster/viewserver/pure/tail-record.ts';
import type { EtcdEvent } from '../../../../../sharder/core/etcd-messages.ts';
import { dataPrefix } from '../../../../../sharder/core/slot.ts';

const base = 10;
const keyOf = (name: string) => `${dataPrefix(1)}${name}`;

/** `createRevision` 5: it was there when it was copied. */
function put(name: string, modRevision: number, createRevision = 5): EtcdEvent {
  const kv = { key: keyOf(name), value: new Uint8Array(), version: 1, lease: 0 };
  return { type: 'put', prevKv: null, kv: { ...kv, modRevision, createRevision } };
}

function deletion(name: string, modRevision: number): EtcdEvent {
  return { type: 'delete', prevKv: null, kv: { ...put(name, modRevision, 0).kv, version: 0 } };
}

/** After a copy of a, b and c. */
function recordOf(...events: readonly EtcdEvent[]): TailRecord {
  const record = new TailRecord();
  const half = Math.floor(events.length / 2);
  // Half of them come before the copy's first page.
  for (const event of events.slice(0, half)) record.note(event);
  record.startAt(base);
  record.noteCopied(3);
  for (const event of events.slice(half)) record.note(event);
  return record;
}

const changed = (...keys: readonly [name: string, modRevision: number][]) =>
  keys.map(([name, modRevision]) => ({ key: keyOf(name), modRevision }));

const events = [put('a', 9), put('a', 11), put('new', 12, 12), deletion('b', 13), put('c', 14), put('a', 15)];

test('nothing differs when all was said, whatever came before the copy', () => {
  const record = recordOf(...events);
  expect(
    record.differenceTo({ changed: changed(['a', 15], ['c', 14], ['new', 12]), count: 3 }, Infinity),
  ).toBe(null);
});

test('markers are not compared', () => {
  const marker = { key: dataPrefix(1), modRevision: 16 };
  expect(recordOf().differenceTo({ changed: [marker], count: 3 }, Infinity)).toBe(null);
});

test('a key that came and went counts as it was', () => {
  const record = recordOf(put('new', 11, 11), deletion('new', 12), deletion('a', 13), put('a', 14, 14));
  expect(record.differenceTo({ changed: changed(['a', 14]), count: 3 }, Infinity)).toBe(null);
});

test.each<[string, EtcdEvent, RegExp]>([
  ['write of an old key', events[4]!, /a write at revision 14 is missing/],
  ['write of a new key', events[2]!, /a write at revision 12 is missing/],
  ['last of several writes', events[5]!, /last written at revision 15, not 11/],
  ['deletion', events[3]!, /there are 3 keys, not 4/],
])('a lost %s is told', (_, lost, message) => {
  const record = recordOf(...events.filter((event) => event !== lost));
  const asked = { changed: changed(['a', 15], ['c', 14], ['new', 12]), count: 3 };
  expect(record.differenceTo(asked, Infinity)).toMatch(message);
});

test('a lost deletion of a key that was written before is told', () => {
  const record = recordOf(put('a', 11));
  expect(record.differenceTo({ changed: [], count: 2 }, Infinity)).toMatch(
    /deletion of a key.*11 is missing/,
  );
});

test('a write that came before its deletion, said the other way round, is told', () => {
  const record = recordOf(deletion('a', 12), put('a', 11));
  expect(record.differenceTo({ changed: [], count: 2 }, Infinity)).not.toBe(null);
});

test('where keys are counted only, a lost deletion or a lost new key is told', () => {
  expect(recordOf(events[2]!).differenceTo({ changed: null, count: 3 }, Infinity)).toMatch('3 keys, not 4');
  expect(recordOf().differenceTo({ changed: null, count: 4 }, Infinity)).toMatch('4 keys, not 3');
  expect(recordOf(events[2]!).differenceTo({ changed: null, count: 4 }, Infinity)).toBe(null);
});

test('what has been heard since the question is not compared', () => {
  const record = recordOf(put('a', 11), put('a', 20));
  expect(record.differenceTo({ changed: changed(['a', 11]), count: null }, 15)).toBe(null);
});
