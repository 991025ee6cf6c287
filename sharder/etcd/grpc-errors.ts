/**
 * What a gRPC error says about whether etcd applied the request. Only an error that proves "not applied" is `refused`; every
 * doubtful one is `lost`. Texts: etcd's api/v3rpc/rpctypes/error.go.
 */
import { status } from '@grpc/grpc-js';
import type { EtcdErrorCode, RpcResult } from '../core/ports.ts';

/**
 * "mvcc: database space exceeded" is not among them, but `lost` with a cause of its own: etcd's quota applier applies the write
 * that first exceeds the quota and answers with this error all the same (server/etcdserver/apply.go, quotaApplierV3).
 */
const refusals: readonly [text: string, code: EtcdErrorCode][] = [
  ['required revision has been compacted', 'compacted'],
  ['required revision is a future revision', 'future_revision'],
  ['duplicate key given in txn request', 'duplicate_key'],
  ['too many operations in txn request', 'too_many_operations'],
  ['key is not provided', 'empty_key'],
  ['request is too large', 'request_too_large'],
  ['grpc: received message larger than max', 'request_too_large'],
  ['too many requests', 'too_many_requests'],
  ['requested lease not found', 'lease_not_found'],
  ['lease already exists', 'lease_exists'],
  ['too large lease TTL', 'lease_ttl_too_large'],
  ['key not found', 'key_not_found'],
  ['not capable', 'unfit_member'],
  ['rpc not supported for learner', 'unfit_member'],
  ['corrupt cluster', 'corrupt'],
];

/**
 * Of these, only the texts above prove anything. A corrupt cluster answers instead of applying (apply.go, applierV3Corrupt).
 */
const sometimesDefinite: ReadonlySet<status> = new Set([status.RESOURCE_EXHAUSTED, status.DATA_LOSS]);

/** Codes with which etcd answers before it proposes, or instead of applying. */
const definiteCodes: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
]);

/** The result of a call that had left this process and ended with this status and text. */
export function classifyGrpcError({ code, details: message }: { code: status; details: string }): RpcResult {
  const known = refusals.find(([text]) => message.includes(text));
  if (known && (definiteCodes.has(code) || sometimesDefinite.has(code))) {
    return { kind: 'refused', code: known[1], message };
  }
  if (definiteCodes.has(code)) return { kind: 'refused', code: 'other_definite', message };
  if (code === status.DEADLINE_EXCEEDED) return { kind: 'lost', cause: 'deadline', message };
  // The client's own bound, in the client's own words: etcd did answer.
  if (code === status.RESOURCE_EXHAUSTED && message.startsWith('Received message larger than max')) {
    return { kind: 'lost', cause: 'reply_too_large', message };
  }
  if (code === status.RESOURCE_EXHAUSTED && message.includes('database space exceeded')) {
    return { kind: 'lost', cause: 'no_space', message };
  }
  return { kind: 'lost', message };
}
