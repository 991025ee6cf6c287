/** Answers a range at a revision as etcd does (`etcdserver/txn/range.go`): filter, sort, cut, strip, in this order. */
import type { KeyValue, RangeReply, RangeRequest, ReplyHeader } from '../../sharder/core/etcd-messages.ts';
import { compareBytes, intervalOf, orderOf } from '../../sharder/core/key-order.ts';
import type { MvccStore } from './mvcc-store.ts';
import { refusals, type Refusal } from './refusal.ts';
import type { Release } from './release.ts';

const noBytes = new Uint8Array(0);

/** @returns why a range at this revision is refused; null when it can be answered. 0 is the newest revision. */
export function checkRevision(store: MvccStore, revision: number): Refusal | null {
  if (revision > store.revision) return refusals.futureRevision;
  return revision > 0 && revision < store.compactRevision ? refusals.compacted : null;
}

/** The revision must have been checked. `header` is null inside a transaction. */
export function answerRange(
  { store, release }: { store: MvccStore; release: Release },
  request: RangeRequest,
  header: ReplyHeader | null,
): RangeReply {
  const revision = request.revision || store.visibleRevision;
  const found = listAll(store, request, revision);
  const count = found.length;
  if (request.countOnly) return { kind: 'range', header, kvs: [], more: false, count };
  let kvs = filterByRevision(found, request);
  if (request.sort !== undefined) kvs = sortBy(kvs, request.sort);
  const limit = request.limit ?? 0;
  const more = limit > 0 && kvs.length > limit;
  if (more) kvs = kvs.slice(0, limit);
  if (request.keysOnly) {
    const isFromIndex = !release.keysOnlyTellsLeases && request.sort?.target !== 'value';
    kvs = kvs.map((kv) => ({ ...kv, value: noBytes, lease: isFromIndex ? 0 : kv.lease }));
  }
  return { kind: 'range', header, kvs, more, count };
}

/** All versions at a revision in the interval that a request names, by key. */
export function listAll(
  store: MvccStore,
  request: { key: string; rangeEnd?: string },
  revision: number,
): KeyValue[] {
  if (request.rangeEnd === undefined || request.rangeEnd === '') {
    const kv = store.get(request.key, revision);
    return kv === undefined ? [] : [kv];
  }
  return store.list(intervalOf(request.key, request.rangeEnd), revision);
}

function filterByRevision(kvs: KeyValue[], request: RangeRequest): KeyValue[] {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  if (!minModRevision && !maxModRevision && !minCreateRevision && !maxCreateRevision) return kvs;
  return kvs.filter(
    (kv) =>
      (!maxModRevision || kv.modRevision <= maxModRevision) &&
      (!minModRevision || kv.modRevision >= minModRevision) &&
      (!maxCreateRevision || kv.createRevision <= maxCreateRevision) &&
      (!minCreateRevision || kv.createRevision >= minCreateRevision),
  );
}

/** Ties keep the order of keys, also when descending: etcd does the same up to twelve keys, and promises no order beyond. */
function sortBy(kvs: KeyValue[], sort: NonNullable<RangeRequest['sort']>): KeyValue[] {
  const sign = sort.order === 'descend' ? -1 : 1;
  const compare = comparisons[sort.target];
  return kvs.toSorted((one, other) => sign * compare(one, other));
}

const comparisons: Record<
  NonNullable<RangeRequest['sort']>['target'],
  (one: KeyValue, other: KeyValue) => number
> = {
  key: (one, other) => (orderOf(one.key) < orderOf(other.key) ? -1 : one.key === other.key ? 0 : 1),
  version: (one, other) => one.version - other.version,
  create: (one, other) => one.createRevision - other.createRevision,
  mod: (one, other) => one.modRevision - other.modRevision,
  value: (one, other) => compareBytes(one.value, other.value),
};
