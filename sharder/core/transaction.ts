/**
 * One batch as one etcd transaction under the shard's fence, and its reply as one result for each operation. Reads are
 * flat ranges, so that etcd serves them by ReadIndex without a Raft entry; a conditional write is a nested transaction.
 */
import type { Compare, KeyValue, RequestOp, ResponseOp, TxnReply, TxnRequest } from './etcd-messages.ts';
import { decodeFenceOf, type Fence, fenceKey } from './fence.ts';
import type { ShardName } from './identity.ts';
import type { Condition, Operation, OperationResult } from './operation.ts';
import { readRecord } from './record-fields.ts';
import type { Pending } from './pending.ts';
import { revisionOf } from './reply-revision.ts';
import type { Revision, Slot, Version } from './numbers.ts';

/** The transaction of a batch: it runs under the fence, or changes nothing and returns the shard's fence record. */
export function buildTransaction(fence: Fence, batch: readonly Pending[]): TxnRequest {
  const key = fenceKey(fence.record);
  return {
    kind: 'txn',
    compare: [{ key, target: 'mod_revision', result: 'equal', operand: fence.modRevision }],
    success: batch.map((pending) => toRequestOp(pending, versionOffset(fence, pending.slot))),
    failure: [{ kind: 'range', key }],
  };
}

function versionOffset(fence: Fence, slot: Slot): number {
  const state = fence.record.slots[slot];
  if (state?.kind !== 'owned') throw new Error(`slot ${slot} is not owned by shard ${fence.record.shard}`);
  return state.versionOffset;
}

/** The nested transaction returns what was done or, when nothing was, the key's current version. */
function toRequestOp(pending: Pending, offset: number): RequestOp {
  const { operation, etcdKey } = pending;
  const op = toPlainOp(operation, etcdKey);
  if (operation.kind === 'get' || operation.condition.kind === 'always') return op;
  const compare = toCompares(operation.condition, etcdKey, offset);
  const current: RequestOp = { kind: 'range', key: etcdKey, keysOnly: true };
  return isNegated(operation.condition)
    ? { kind: 'txn', compare, success: [current], failure: [op] }
    : { kind: 'txn', compare, success: [op], failure: [current] };
}

function toPlainOp(operation: Operation, key: string): RequestOp {
  switch (operation.kind) {
    case 'get':
      return { kind: 'range', key };
    case 'put':
      return { kind: 'put', key, value: operation.value, prevKv: operation.wantPrevious };
    case 'delete':
      return { kind: 'delete_range', key, prevKv: operation.wantPrevious };
  }
}

/**
 * etcd joins comparisons by "and" alone. "The key has one of these versions" is therefore negated: the comparisons say that
 * it has none of them, and the write stands in the failure branch, so that it is carried once whatever their number.
 */
function isNegated(condition: Condition): boolean {
  return condition.kind === 'one_of';
}

function toCompares(
  condition: Exclude<Condition, { kind: 'always' }>,
  key: string,
  offset: number,
): Compare[] {
  const exists = { key, target: 'create_revision', result: 'greater', operand: 0 } as const;
  const versions = (result: 'equal' | 'not_equal', list: readonly number[]) =>
    list.map((version): Compare => {
      return { key, target: 'mod_revision', result, operand: toModRevision(version, offset) };
    });
  switch (condition.kind) {
    case 'version':
      return versions('equal', [condition.version]);
    case 'exists':
      return [exists];
    case 'absent':
      return [{ key, target: 'create_revision', result: 'equal', operand: 0 }];
    case 'one_of':
      return versions('not_equal', condition.versions);
    case 'none_of':
      return [...(condition.exists ? [exists] : []), ...versions('not_equal', condition.versions)];
  }
}

/**
 * A version from before the slot's last move, or 0, gives a revision below 1, which no key has; but etcd compares a missing
 * key as 0, so all of these become -1, which nothing equals.
 */
function toModRevision(version: Version, offset: number): Revision {
  return version - offset < 1 ? -1 : version - offset;
}

/** What a transaction did with one operation of its batch. */
export type Applied =
  { kind: 'done'; result: OperationResult } | { kind: 'condition_failed'; currentVersion: Version | null };

/**
 * What became of operation number `index` of a transaction that ran.
 * @throws Error when the reply does not fit the request: a programmer's error, or not etcd.
 */
export function readApplied(reply: TxnReply, index: number, pending: Pending, fence: Fence): Applied {
  const offset = versionOffset(fence, pending.slot);
  const response = reply.responses[index];
  if (response === undefined) throw new Error(`the reply has no response ${index}`);
  const revision = revisionOf(reply) + offset;
  const { operation } = pending;
  if (operation.kind === 'get' || operation.condition.kind === 'always') {
    return { kind: 'done', result: toResult(operation.kind, response, revision, offset) };
  }
  const nested = response.kind === 'txn' ? response.responses[0] : undefined;
  if (response.kind !== 'txn' || nested === undefined || response.responses.length !== 1)
    throw new Error('the reply is not a nested one');
  if (response.succeeded !== isNegated(operation.condition))
    return { kind: 'done', result: toResult(operation.kind, nested, revision, offset) };
  if (nested.kind !== 'range') throw new Error('the reply to a failed condition is not a range');
  const current = nested.kvs[0];
  return { kind: 'condition_failed', currentVersion: current ? current.modRevision + offset : null };
}

function toResult(
  kind: Operation['kind'],
  response: ResponseOp,
  version: number,
  offset: number,
): OperationResult {
  if (kind === 'get' && response.kind === 'range') {
    return { kind: 'get', state: toState(response.kvs[0], offset), version };
  }
  if (kind === 'put' && response.kind === 'put') {
    return { kind: 'put', version, previous: toState(response.prevKv, offset) };
  }
  if (kind === 'delete' && response.kind === 'delete_range') {
    return {
      kind: 'delete',
      deleted: response.deleted > 0,
      version,
      previous: toState(response.prevKvs[0], offset),
    };
  }
  throw new Error(`the reply to a ${kind} is a ${response.kind}`);
}

function toState(kv: KeyValue | null | undefined, offset: number) {
  if (!kv) return null;
  return { value: kv.value, version: kv.modRevision + offset, createdVersion: kv.createRevision + offset };
}

/**
 * The fence record that the reply to a range of its key carries, or null when the reply has none.
 * @throws RecordError when the record cannot be read, or belongs to another shard.
 */
export function readFence(shard: ShardName, response: ResponseOp | undefined): Fence | null {
  if (response?.kind !== 'range') throw new Error('the reply to a failed fence is not a range');
  const kv = response.kvs[0];
  if (kv === undefined) return null;
  return { record: readRecord(() => decodeFenceOf(shard, kv.value)), modRevision: kv.modRevision };
}
