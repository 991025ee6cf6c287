/**
 * Transactions as etcd applies them: first every comparison, nested ones included, is decided on the state before the
 * transaction; then the chosen operations are checked; then they run in order, and each sees the effects of those before it.
 */
import type {
  Compare,
  DeleteRangeReply,
  PutReply,
  RequestOp,
  ResponseOp,
  TxnReply,
  TxnRequest,
} from '../../sharder/core/etcd-messages.ts';
import { compareBytes } from '../../sharder/core/key-order.ts';
import type { Lessor } from './lessor.ts';
import type { MvccStore } from './mvcc-store.ts';
import { answerRange, checkRevision, listAll } from './range.ts';
import { refusals, type Refusal } from './refusal.ts';
import type { Release } from './release.ts';

/** What operations work on. */
export interface Tables {
  store: MvccStore;
  lessor: Lessor;
  release: Release;
}

/** The branch that a transaction takes, and those of its nested ones, in order. */
interface ChosenPath {
  succeeded: boolean;
  nested: ChosenPath[];
}

/** etcd's isTxnReadonly: only ranges, in both branches; a nested transaction makes it a write. */
export function isReadOnly(txn: TxnRequest): boolean {
  return txn.success.every(isRange) && txn.failure.every(isRange);
}

/** etcd's isTxnSerializable; true for a transaction of comparisons alone, which etcd answers without asking the leader. */
export function isSerializable(txn: TxnRequest): boolean {
  const isSerializableRange = (operation: RequestOp): boolean =>
    operation.kind === 'range' && operation.serializable === true;
  return txn.success.every(isSerializableRange) && txn.failure.every(isSerializableRange);
}

function isRange(operation: RequestOp): boolean {
  return operation.kind === 'range';
}

/**
 * Runs a transaction whose form has been checked. The caller ends the write and fills in the header.
 * @param wantReply false: nobody here waits for the answer, so only the effects matter.
 * @returns a refusal when nothing was done.
 */
export function runTxn(tables: Tables, txn: TxnRequest, wantReply: boolean): TxnReply | Refusal {
  const path = choosePath(tables.store, txn);
  const refusal = checkChosen(tables, txn, path);
  if (refusal !== null) return refusal;
  return runChosen(tables, txn, path, wantReply);
}

function choosePath(store: MvccStore, txn: TxnRequest): ChosenPath {
  const succeeded = txn.compare.every((compare) => holds(store, compare));
  const nested: ChosenPath[] = [];
  for (const operation of succeeded ? txn.success : txn.failure) {
    if (operation.kind === 'txn') nested.push(choosePath(store, operation));
  }
  return { succeeded, nested };
}

/** A missing key has all numbers 0; comparing its value always fails, whatever the comparison. */
function holds(store: MvccStore, compare: Compare): boolean {
  const kv = store.get(compare.key);
  let difference: number;
  switch (compare.target) {
    case 'value':
      if (kv === undefined) return false;
      difference = compareBytes(kv.value, compare.operand);
      break;
    case 'version':
      difference = (kv?.version ?? 0) - compare.operand;
      break;
    case 'create_revision':
      difference = (kv?.createRevision ?? 0) - compare.operand;
      break;
    case 'mod_revision':
      difference = (kv?.modRevision ?? 0) - compare.operand;
      break;
    case 'lease':
      difference = (kv?.lease ?? 0) - compare.operand;
      break;
  }
  switch (compare.result) {
    case 'equal':
      return difference === 0;
    case 'not_equal':
      return difference !== 0;
    case 'greater':
      return difference > 0;
    case 'less':
      return difference < 0;
  }
}

/** Checks all puts before all ranges, or everything in its order: the release decides. */
function checkChosen({ store, lessor, release }: Tables, txn: TxnRequest, path: ChosenPath): Refusal | null {
  const checkPut = (operation: RequestOp): Refusal | null =>
    operation.kind === 'put' && operation.lease && lessor.lookup(operation.lease) === undefined
      ? refusals.leaseNotFound
      : null;
  const checkRange = (operation: RequestOp): Refusal | null =>
    operation.kind === 'range' && operation.revision ? checkRevision(store, operation.revision) : null;
  if (release.checksLeasesFirst) {
    return findRefusal(txn, path, checkPut) ?? findRefusal(txn, path, checkRange);
  }
  return findRefusal(txn, path, (operation) => checkPut(operation) ?? checkRange(operation));
}

function findRefusal(
  txn: TxnRequest,
  path: ChosenPath,
  check: (operation: RequestOp) => Refusal | null,
): Refusal | null {
  let nestedAt = 0;
  for (const operation of path.succeeded ? txn.success : txn.failure) {
    const refusal =
      operation.kind === 'txn' ? findRefusal(operation, path.nested[nestedAt++]!, check) : check(operation);
    if (refusal !== null) return refusal;
  }
  return null;
}

function runChosen(tables: Tables, txn: TxnRequest, path: ChosenPath, wantReply: boolean): TxnReply {
  const responses: ResponseOp[] = [];
  let nestedAt = 0;
  for (const operation of path.succeeded ? txn.success : txn.failure) {
    switch (operation.kind) {
      case 'range':
        if (wantReply) responses.push(answerRange(tables, operation, null));
        break;
      case 'put':
        responses.push(runPut(tables, operation));
        break;
      case 'delete_range':
        responses.push(runDeleteRange(tables, operation));
        break;
      case 'txn':
        responses.push(runChosen(tables, operation, path.nested[nestedAt++]!, wantReply));
    }
  }
  return { kind: 'txn', header: null, succeeded: path.succeeded, responses };
}

/** The lease, if any, must exist. The caller ends the write. */
export function runPut({ store, lessor }: Tables, put: RequestOp & { kind: 'put' }): PutReply {
  const prevKv = put.prevKv ? (store.get(put.key) ?? null) : null;
  const lease = put.lease ?? 0;
  store.put(put.key, put.value, lease);
  lessor.attach(put.key, lease);
  return { kind: 'put', header: null, prevKv };
}

/** The caller ends the write. */
export function runDeleteRange(
  { store, lessor }: Tables,
  request: RequestOp & { kind: 'delete_range' },
): DeleteRangeReply {
  const kvs = listAll(store, request, store.visibleRevision);
  for (const kv of kvs) {
    store.delete(kv.key);
    lessor.attach(kv.key, 0);
  }
  return { kind: 'delete_range', header: null, deleted: kvs.length, prevKvs: request.prevKv ? kvs : [] };
}
