import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyValue } from '../../../../sharder/core/etcd-messages.ts';
import { intervalOf } from '../../../../sharder/core/key-order.ts';
import { MvccStore } from '../../../../sim/etcd/mvcc-store.ts';

const key = fc.constantFrom('a', 'b', 'c');
const change = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key }),
  fc.record({ kind: fc.constant('delete' as const), key }),
);
/** Transactions of distinct keys, and compactions some way back. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      changes: fc.uniqueArray(change, { selector: (one) => one.key, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat({ max: 4 }) }) },
);

const everything = intervalOf('\0', '\0');

test('every revision reads as it was when it was made, until it is compacted away', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, compactionKeepsDeletions) => {
      const store = new MvccStore({ compactionKeepsDeletions });
      // The dumb twin: a copy of the whole store for each revision.
      const snapshots: KeyValue[][] = [[], []];
      const changed: string[][] = [[], []];
      for (const next of steps) {
        if (next.kind === 'compact') {
          const revision = store.revision - next.back;
          if (revision > store.compactRevision && revision > 0) store.compact(revision);
          continue;
        }
        for (const one of next.changes) {
          if (one.kind === 'put') store.put(one.key, new Uint8Array(), 0);
          else if (store.get(one.key) !== undefined) store.delete(one.key);
        }
        const events = store.endWrite();
        if (events.length === 0) continue;
        expect(events.every((event) => event.kv.modRevision === store.revision)).toBe(true);
        snapshots[store.revision] = store.list(everything, Infinity);
        changed[store.revision] = events.map((event) => `${event.type} ${event.kv.key}`);
      }
      const oldest = Math.max(1, store.compactRevision);
      for (let revision = oldest; revision <= store.revision; revision++) {
        expect(store.list(everything, revision)).toEqual(snapshots[revision]);
      }
      const since = store.changesSince(oldest + 1).map((event) => `${event.type} ${event.kv.key}`);
      expect(since).toEqual(changed.slice(oldest + 1).flat());
    }),
    { numRuns: 500 },
  );
});
