/**
 * What a member checks before a request touches its log or its store: empty keys, too many operations, and keys that one
 * transaction would write twice. Same rules and same order as etcd (`etcdserver/api/v3rpc/key.go`).
 */
import type { EtcdRequest, RequestOp, TxnRequest } from '../../sharder/core/etcd-messages.ts';
import { intervalOf, orderOf } from '../../sharder/core/key-order.ts';
import { refusals, type Refusal } from './refusal.ts';

/** @returns why the request is refused; null when it may go on. */
export function checkRequest(request: EtcdRequest, maxTxnOps: number): Refusal | null {
  switch (request.kind) {
    case 'range':
    case 'put':
    case 'delete_range':
      return request.key === '' ? refusals.emptyKey : null;
    case 'txn': {
      const refusal = checkTxn(request, maxTxnOps);
      if (refusal !== null) return refusal;
      return findWrites(request.success) === null || findWrites(request.failure) === null
        ? refusals.duplicateKey
        : null;
    }
    case 'compact':
    case 'lease_grant':
    case 'lease_revoke':
    case 'lease_keep_alive':
    case 'lease_time_to_live':
    case 'status':
      return null;
  }
}

/** A nested transaction may have as many operations as the outer ones have left over. */
function checkTxn(txn: TxnRequest, maxTxnOps: number): Refusal | null {
  const operations = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (operations > maxTxnOps) return refusals.tooManyOperations;
  for (const compare of txn.compare) if (compare.key === '') return refusals.emptyKey;
  for (const branch of [txn.success, txn.failure]) {
    for (const operation of branch) {
      const refusal = checkOperation(operation, maxTxnOps - operations);
      if (refusal !== null) return refusal;
    }
  }
  return null;
}

function checkOperation(operation: RequestOp, maxTxnOps: number): Refusal | null {
  if (operation.kind === 'txn') return checkTxn(operation, maxTxnOps);
  return operation.key === '' ? refusals.emptyKey : null;
}

/** The writes of a list of operations, nested ones included. Orders in place of keys. */
interface Writes {
  puts: Set<string>;
  /** Half-open. An end of etcd's "from this key on" counts as empty here: etcd does not see that overlap either. */
  deletes: { start: string; end: string }[];
}

const noWrites: Writes = { puts: new Set(), deletes: [] };

/** @returns null when a key is put twice, or put and deleted; the two branches of one txn may share keys. */
function findWrites(operations: readonly RequestOp[]): Writes | null {
  if (operations.every((operation) => operation.kind === 'range')) return noWrites;
  const writes: Writes = { puts: new Set(), deletes: [] };
  for (const operation of operations) {
    if (operation.kind !== 'delete_range') continue;
    const { start, end } = intervalOf(operation.key, operation.rangeEnd);
    // A single key is the interval up to its successor.
    writes.deletes.push({ start, end: end ?? start + '\0' });
  }
  for (const operation of operations) {
    if (operation.kind === 'txn' && !addBranches(writes, operation)) return null;
  }
  for (const operation of operations) {
    if (operation.kind === 'put' && !addPut(writes, orderOf(operation.key), null)) return null;
  }
  return writes;
}

function addBranches(writes: Writes, txn: TxnRequest): boolean {
  const success = findWrites(txn.success);
  const failure = findWrites(txn.failure);
  if (success === null || failure === null) return false;
  for (const key of success.puts) if (!addPut(writes, key, null)) return false;
  for (const key of failure.puts) if (!addPut(writes, key, success.puts)) return false;
  // As in etcd: the deletes of this txn are compared with later operations, not with its own puts.
  writes.deletes.push(...success.deletes, ...failure.deletes);
  return true;
}

function addPut(writes: Writes, key: string, shared: ReadonlySet<string> | null): boolean {
  if (writes.puts.has(key) && shared?.has(key) !== true) return false;
  if (writes.deletes.some(({ start, end }) => key >= start && key < end)) return false;
  writes.puts.add(key);
  return true;
}

/** etcd's isRPCSupportedForLearner. */
export function isForLearners(request: EtcdRequest): boolean {
  return request.kind === 'status' || (request.kind === 'range' && request.serializable === true);
}
