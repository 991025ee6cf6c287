/**
 * The first fence record of a shard, and with it the shard's identity: one transaction writes both, once, and only where
 * neither exists. A writer that finds them takes them as they are.
 */
import type { Compare, RequestOp, TxnReply, TxnRequest } from './etcd-messages.ts';
import { encodeFence, fenceKey, type FenceRecord } from './fence.ts';
import { IDENTITY_KEY } from './identity.ts';

/** Sending it again after a lost answer is safe: the second one finds the record and changes nothing. */
export function createFenceRequest(record: FenceRecord, more: readonly RequestOp[] = []): TxnRequest {
  const { identity } = record;
  const named: RequestOp[] =
    identity === undefined ? [] : [{ kind: 'put', key: IDENTITY_KEY, value: toBytes(identity) }];
  return {
    kind: 'txn',
    compare: [isAbsent(IDENTITY_KEY), isAbsent(fenceKey({}))],
    success: [{ kind: 'put', key: fenceKey(record), value: encodeFence(record) }, ...named, ...more],
    failure: [{ kind: 'range', key: IDENTITY_KEY }],
  };
}

/**
 * The identity of a shard that had a fence record already; undefined when that shard has no identity.
 * @throws Error when the reply does not answer `createFenceRequest`.
 */
export function storedIdentity({ responses: [named] }: TxnReply): string | undefined {
  if (named?.kind !== 'range') throw new Error('the reply to a first record is not a range');
  const kv = named.kvs[0];
  return kv === undefined ? undefined : String.fromCharCode(...kv.value);
}

function isAbsent(key: string): Compare {
  return { key, target: 'create_revision', result: 'equal', operand: 0 };
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
