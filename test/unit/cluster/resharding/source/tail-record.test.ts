// What a watch has said against what ranges say: every way to lose, repeat or reorder an event is told, and nothing else.
import { expect, test } from 'vitest';
import { CopiedPages } from '../../../../../cluster/resharding/source/copied-pages.ts';
import { TailRecord } from '../../../../../cluster/resharding/source/tail-record.ts';
import type { EtcdEvent } from '../../../../../sharder/core/etcd-messages.ts';
import { dataPrefix, dataRangeEnd } from '../../../../../sharder/core/slot.ts';

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
  const pages = new CopiedPages();
  pages.add(dataRangeEnd(1), base);
  const record = new TailRecord(pages);
  record.noteCopied(['a', 'b', 'c'].map(keyOf));
  for (const event of events) record.note(event);
  return record;
}

const changed = (...keys: readonly [name: string, modRevision: number][]) =>
  keys.map(([name, modRevision]) => ({ key: keyOf(name), modRevision }));

const events = [put('a', 9), put('a', 11), put('new', 12, 12), deletion('b', 13), put('c', 14), put('a', 15)];
const truth = { changed: changed(['a', 15], ['c', 14], ['new', 12]), count: 3 };

test('nothing differs when all was said, whatever came before the copy', () => {
  expect(recordOf(...events).differenceTo(truth)).toBe(null);
});

test('markers are not compared', () => {
  const marker = { key: dataPrefix(1), modRevision: 16 };
  expect(recordOf().differenceTo({ changed: [marker], count: 3 })).toBe(null);
});

test('a key that came and went counts as it was', () => {
  const record = recordOf(put('new', 11, 11), deletion('new', 12), deletion('a', 13), put('a', 14, 14));
  expect(record.differenceTo({ changed: changed(['a', 14]), count: 3 })).toBe(null);
});

test.each<[string, EtcdEvent, RegExp]>([
  ['write of an old key', events[4]!, /a write at revision 14 is missing/],
  ['write of a new key', events[2]!, /a write at revision 12 is missing/],
  ['last of several writes', events[5]!, /last written at revision 15, not 11/],
  ['deletion', events[3]!, /there are 3 keys, not 4/],
])('a lost %s is told', (_, lost, message) => {
  const record = recordOf(...events.filter((event) => event !== lost));
  expect(record.differenceTo(truth)).toMatch(message);
});

test('a lost deletion of a key that was written before is told', () => {
  const record = recordOf(put('a', 11));
  expect(record.differenceTo({ changed: [], count: 2 })).toMatch(/deletion of a key.*11 is missing/);
});

test('a write that came before its deletion, said the other way round, is told', () => {
  const record = recordOf(deletion('a', 12), put('a', 11));
  expect(record.differenceTo({ changed: [], count: 2 })).not.toBe(null);
});

test('what is said while the source is asked is left for the next proof, which begins where this one ends', () => {
  const record = recordOf(put('a', 11), deletion('b', 12));
  record.askAt(12);
  record.note(put('a', 13));
  record.note(put('b', 14, 14));
  expect(record.settle({ changed: changed(['a', 11]), count: 2 })).toBe(null);
  expect([record.base, record.size]).toEqual([12, 3]);
  const answer = { changed: changed(['a', 13], ['b', 14]), count: 3 };
  expect(record.differenceTo(answer)).toBe(null);
  expect(record.differenceTo({ ...answer, changed: changed(['a', 15], ['b', 14]) })).toMatch(
    'at revision 15',
  );
});

test('a rehearsal tells what is missing by then', () => {
  const record = recordOf(put('a', 11));
  record.askAt(12);
  expect(record.settle({ changed: changed(['a', 12]), count: 3 })).toMatch('at revision 12, not 11');
});

test('of pages of several revisions each key counts from its own', () => {
  const pages = new CopiedPages();
  pages.add(keyOf('b'), 10);
  pages.add(dataRangeEnd(1), 20);
  const record = new TailRecord(pages);
  record.noteCopied(['a', 'c'].map(keyOf));
  record.note(put('a', 15));
  record.note(put('c', 15));
  expect(record.base).toBe(10);
  expect(record.differenceTo({ changed: changed(['a', 15], ['c', 16]), count: 2 })).toBe(null);
  expect(record.differenceTo({ changed: changed(['a', 15], ['c', 21]), count: 2 })).toMatch('21 is missing');
});

test('a lost deletion is not made up for by a key whose deletion was told and whose creation was lost', () => {
  // b was deleted at 12, which was lost; x was created at 13, which was lost, and deleted at 14.
  const record = recordOf(deletion('x', 14));
  expect(record.differenceTo({ changed: [], count: 2 })).toMatch('there are 2 keys, not 3');
});

test('nor after a rehearsal, of a key that was deleted and proven to be', () => {
  const record = recordOf(deletion('a', 11));
  record.askAt(12);
  expect(record.settle({ changed: [], count: 2 })).toBe(null);
  // a was created again at 13, which was lost, and deleted at 14; b was deleted at 15, which was lost.
  record.note(deletion('a', 14));
  expect(record.differenceTo({ changed: [], count: 1 })).toMatch('there are 1 keys, not 2');
});
