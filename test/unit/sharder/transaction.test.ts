import { expect, test } from 'vitest';
import type { KeyValue, TxnReply } from '../../../sharder/core/etcd-messages.ts';
import { encodeFence, type Fence, type SlotState } from '../../../sharder/core/fence.ts';
import { always, type Condition, type Operation } from '../../../sharder/core/operation.ts';
import { createPending } from '../../../sharder/core/pending.ts';
import { RecordError } from '../../../sharder/core/record-fields.ts';
import { buildTransaction, readApplied, readFence } from '../../../sharder/core/transaction.ts';

const owned: SlotState = { kind: 'owned', epoch: 3, versionOffset: 100 };
const fence: Fence = { modRevision: 9, record: { shard: 1, epoch: 3, slots: [owned] } };
const get: Operation = { kind: 'get', key: 'k' };
const put = (condition: Condition): Operation => ({
  kind: 'put',
  key: 'k',
  value: new Uint8Array([1]),
  condition,
  wantPrevious: false,
});
const pending = (operation: Operation) => createPending(operation, 0, 0, () => undefined);
const kv: KeyValue = {
  key: 'd/0000/k',
  value: new Uint8Array([2]),
  createRevision: 4,
  modRevision: 6,
  version: 2,
  lease: 0,
};
const reply = (responses: TxnReply['responses']): TxnReply => ({
  kind: 'txn',
  header: { memberId: '1', revision: 12, raftTerm: 1 },
  succeeded: true,
  responses,
});

test('every transaction, of reads too, runs under the fence and returns the record otherwise', () => {
  for (const operation of [get, put(always)]) {
    const request = buildTransaction(fence, [pending(operation)]);
    expect(request.compare).toEqual([
      { key: 'vase/shard', target: 'mod_revision', result: 'equal', operand: 9 },
    ]);
    expect(request.failure).toEqual([{ kind: 'range', key: 'vase/shard' }]);
  }
});

test('the record of a shard with an identity lies under a key that no other shard has', () => {
  const identity = '0123456789abcdef';
  const named: Fence = { ...fence, record: { ...fence.record, identity } };
  const { compare, failure } = buildTransaction(named, [pending(get)]);
  const key = 'vase/shard/0123456789abcdef';
  expect(compare).toEqual([{ key, target: 'mod_revision', result: 'equal', operand: 9 }]);
  expect(failure).toEqual([{ kind: 'range', key }]);
});

test('reads are flat ranges that are not serializable: etcd serves them by ReadIndex, without a Raft entry', () => {
  expect(buildTransaction(fence, [pending(get)]).success).toEqual([{ kind: 'range', key: 'd/0000/k' }]);
});

test('a conditional write is a nested transaction whose version is counted without the offset of its slot', () => {
  const [op] = buildTransaction(fence, [pending(put({ kind: 'version', version: 106 }))]).success;
  expect(op).toMatchObject({
    kind: 'txn',
    compare: [{ target: 'mod_revision', result: 'equal', operand: 6 }],
  });
});

test.each([0, 50, 99, 100])(
  'version %d, from before the last move of the slot, compares with a revision that neither a key nor a missing one has',
  (version) => {
    const [op] = buildTransaction(fence, [pending(put({ kind: 'version', version }))]).success;
    expect(op).toMatchObject({ kind: 'txn', compare: [{ operand: -1 }] });
  },
);

test('versions in answers carry the offset of the slot', () => {
  const range = { kind: 'range', header: null, kvs: [kv], more: false, count: 1 } as const;
  expect(readApplied(reply([range]), 0, pending(get), fence)).toEqual({
    kind: 'done',
    result: { kind: 'get', version: 112, state: { value: kv.value, version: 106, createdVersion: 104 } },
  });
  const written = readApplied(
    reply([{ kind: 'put', header: null, prevKv: null }]),
    0,
    pending(put(always)),
    fence,
  );
  expect(written).toEqual({ kind: 'done', result: { kind: 'put', version: 112, previous: null } });
});

test('a condition that failed says the current version, or null for a missing key', () => {
  const failed = (kvs: KeyValue[]) =>
    readApplied(
      reply([
        {
          kind: 'txn',
          header: null,
          succeeded: false,
          responses: [{ kind: 'range', header: null, kvs, more: false, count: kvs.length }],
        },
      ]),
      0,
      pending(put({ kind: 'absent' })),
      fence,
    );
  expect(failed([kv])).toEqual({ kind: 'condition_failed', currentVersion: 106 });
  expect(failed([])).toEqual({ kind: 'condition_failed', currentVersion: null });
});

test('an answer that does not fit its request is never taken for one', () => {
  const range = { kind: 'range', header: null, kvs: [kv], more: false, count: 1 } as const;
  expect(() => readApplied(reply([range]), 0, pending(put(always)), fence)).toThrow(
    'the reply to a put is a range',
  );
  expect(() => readApplied(reply([]), 0, pending(get), fence)).toThrow('no response 0');
});

test('an operation on a slot that the fence does not own is never built into a transaction', () => {
  const moved: Fence = { ...fence, record: { ...fence.record, slots: [{ kind: 'moved', epoch: 4, to: 2 }] } };
  expect(() => buildTransaction(moved, [pending(get)])).toThrow('slot 0 is not owned');
});

test('a shard without a fence record has none', () => {
  expect(readFence({ id: 1 }, { kind: 'range', header: null, kvs: [], more: false, count: 0 })).toBeNull();
});

test.each([
  ['another shard', { id: 2, identity: '0123456789abcdef' }],
  ['another identity', { id: 1, identity: 'fedcba9876543210' }],
  ['no identity', { id: 1 }],
])('a record that names %s is never believed', (_what, shard) => {
  const record = { shard: 1, identity: '0123456789abcdef', epoch: 1, slots: [] };
  const range = { kind: 'range', header: null, more: false, count: 1 } as const;
  const response = { ...range, kvs: [{ ...kv, value: encodeFence(record) }] };
  expect(readFence({ id: 1, identity: '0123456789abcdef' }, response)).toMatchObject({ modRevision: 6 });
  expect(() => readFence(shard, response)).toThrow(RecordError);
});

const revisions = (condition: Condition) => {
  const [op] = buildTransaction(fence, [pending(put(condition))]).success;
  if (op?.kind !== 'txn') throw new Error('not nested');
  const kinds = { success: op.success.map(({ kind }) => kind), failure: op.failure.map(({ kind }) => kind) };
  return { compare: op.compare.map(({ target, result, operand }) => [target, result, operand]), ...kinds };
};

test('a list of versions is compared with "not equal" alone, and the write is carried once', () => {
  expect(revisions({ kind: 'one_of', versions: [106, 108, 50] })).toEqual({
    compare: [
      ['mod_revision', 'not_equal', 6],
      ['mod_revision', 'not_equal', 8],
      ['mod_revision', 'not_equal', -1],
    ],
    success: ['range'],
    failure: ['put'],
  });
  expect(revisions({ kind: 'none_of', versions: [106], exists: false })).toEqual({
    compare: [['mod_revision', 'not_equal', 6]],
    success: ['put'],
    failure: ['range'],
  });
  expect(revisions({ kind: 'none_of', versions: [106], exists: true }).compare).toEqual([
    ['create_revision', 'greater', 0],
    ['mod_revision', 'not_equal', 6],
  ]);
});

test.each([
  [{ kind: 'one_of', versions: [106] } as const, false],
  [{ kind: 'none_of', versions: [106], exists: false } as const, true],
])('the branch that ran tells whether %j held', (condition, branchOfTheWrite) => {
  const nested = (succeeded: boolean, response: TxnReply['responses'][number]) =>
    reply([{ kind: 'txn', header: null, succeeded, responses: [response] }]);
  const written = nested(branchOfTheWrite, { kind: 'put', header: null, prevKv: null });
  const current = nested(!branchOfTheWrite, {
    kind: 'range',
    header: null,
    kvs: [kv],
    more: false,
    count: 1,
  });
  expect(readApplied(written, 0, pending(put(condition)), fence)).toMatchObject({ kind: 'done' });
  expect(readApplied(current, 0, pending(put(condition)), fence)).toEqual({
    kind: 'condition_failed',
    currentVersion: 106,
  });
  expect(() =>
    readApplied(
      nested(!branchOfTheWrite, { kind: 'put', header: null, prevKv: null }),
      0,
      pending(put(condition)),
      fence,
    ),
  ).toThrow('is not a range');
});
