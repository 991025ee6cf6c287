/**
 * Requests and answers with revisions relative to the start of a command sequence, so that sequences do not depend on what
 * ran before them, and so that the two sides can be compared. In a relative request 0 still means "none", and n > 0 means
 * n - 1 revisions after the start; in an answer 0 stays 0 when etcd means "none".
 */
import type {
  Compare,
  EtcdEvent,
  EtcdReply,
  EtcdRequest,
  KeyValue,
  RangeRequest,
  RequestOp,
  ResponseOp,
  WatchRequest,
} from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import type { RecordedWatch } from './side.ts';

/** Where a sequence stands on one side. Lease numbers are the same on both. */
export interface Base {
  revision: number;
  lease: number;
}

const absolute = (relative: number, base: Base): number =>
  relative === 0 ? 0 : base.revision + relative - 1;
const leaseId = (number: number, base: Base): number => (number === 0 ? 0 : base.lease + number);

export function toAbsolute(request: EtcdRequest, base: Base): EtcdRequest {
  switch (request.kind) {
    case 'range':
    case 'put':
    case 'delete_range':
    case 'txn':
      return operationToAbsolute(request, base);
    case 'compact':
      return { ...request, revision: absolute(request.revision, base) };
    case 'lease_grant':
    case 'lease_revoke':
    case 'lease_keep_alive':
    case 'lease_time_to_live':
      return { ...request, id: leaseId(request.id, base) };
    case 'status':
      return request;
  }
}

export function watchToAbsolute(request: WatchRequest, base: Base): WatchRequest {
  return { ...request, startRevision: absolute(request.startRevision ?? 0, base) };
}

function operationToAbsolute(operation: RequestOp, base: Base): RequestOp {
  switch (operation.kind) {
    case 'range':
      return rangeToAbsolute(operation, base);
    case 'put':
      return { ...operation, lease: leaseId(operation.lease ?? 0, base) };
    case 'delete_range':
      return operation;
    case 'txn':
      return {
        kind: 'txn',
        compare: operation.compare.map((compare) => compareToAbsolute(compare, base)),
        success: operation.success.map((inner) => operationToAbsolute(inner, base)),
        failure: operation.failure.map((inner) => operationToAbsolute(inner, base)),
      };
  }
}

function rangeToAbsolute(range: RangeRequest, base: Base): RangeRequest {
  return {
    ...range,
    revision: absolute(range.revision ?? 0, base),
    minModRevision: absolute(range.minModRevision ?? 0, base),
    maxModRevision: absolute(range.maxModRevision ?? 0, base),
    minCreateRevision: absolute(range.minCreateRevision ?? 0, base),
    maxCreateRevision: absolute(range.maxCreateRevision ?? 0, base),
  };
}

function compareToAbsolute(compare: Compare, base: Base): Compare {
  switch (compare.target) {
    case 'create_revision':
    case 'mod_revision':
      return { ...compare, operand: absolute(compare.operand, base) };
    case 'lease':
      return { ...compare, operand: leaseId(compare.operand, base) };
    case 'version':
    case 'value':
      return compare;
  }
}

/** An answer as plain data that must be equal on both sides, with the messages of errors: Vase tells some apart by them. */
export function describeResult(result: RpcResult, base: Base): unknown {
  if (result.kind === 'refused') return { refused: result.code, message: result.message };
  if (result.kind !== 'reply') return { [result.kind]: result.message };
  const { reply } = result;
  return { ...describeReply(reply, base), revision: (reply.header?.revision ?? NaN) - base.revision };
}

function describeReply(reply: EtcdReply, base: Base): object {
  switch (reply.kind) {
    case 'range':
    case 'put':
    case 'delete_range':
    case 'txn':
      return describeResponse(reply, base);
    case 'compact':
    case 'lease_revoke':
      return { kind: reply.kind };
    case 'lease_grant':
    case 'lease_keep_alive':
      return { kind: reply.kind, lease: reply.id - base.lease, ttlSeconds: reply.ttlSeconds };
    case 'lease_time_to_live': {
      const { ttlSeconds, grantedTtlSeconds } = reply;
      // Real seconds pass on one side: a quarter of the shortest lease used is far more than a sequence takes.
      const isFresh = ttlSeconds < grantedTtlSeconds && ttlSeconds >= grantedTtlSeconds - 15;
      return {
        kind: reply.kind,
        lease: reply.id - base.lease,
        left: grantedTtlSeconds > 0 && isFresh ? 'nearly all' : ttlSeconds,
        grantedTtlSeconds,
        keys: reply.keys.toSorted(),
      };
    }
    case 'status':
      return {
        kind: reply.kind,
        isVersioned: /^3\.[0-9]+\.[0-9]+$/.test(reply.version),
        hasLeader: reply.leaderId !== '0',
      };
  }
}

function describeResponse(reply: ResponseOp, base: Base): object {
  const describe = (kv: KeyValue): object => describeKeyValue(kv, base);
  switch (reply.kind) {
    case 'range':
      return { kind: reply.kind, kvs: reply.kvs.map(describe), more: reply.more, count: reply.count };
    case 'put':
      return { kind: reply.kind, prevKv: reply.prevKv && describe(reply.prevKv) };
    case 'delete_range':
      return { kind: reply.kind, deleted: reply.deleted, prevKvs: reply.prevKvs.map(describe) };
    case 'txn':
      return {
        kind: reply.kind,
        succeeded: reply.succeeded,
        responses: reply.responses.map((response) => describeResponse(response, base)),
      };
  }
}

function describeKeyValue(kv: KeyValue, base: Base): object {
  return {
    key: kv.key,
    value: Buffer.from(kv.value).toString('hex'),
    create: kv.createRevision === 0 ? 'none' : kv.createRevision - base.revision,
    mod: kv.modRevision - base.revision,
    version: kv.version,
    lease: kv.lease === 0 ? 0 : kv.lease - base.lease,
  };
}

/** Everything a watch has said up to a revision, whole revisions together. */
export function describeWatch(watch: RecordedWatch, lastRevision: number, base: Base): unknown {
  const describeEvent = ({ type, kv, prevKv }: EtcdEvent): object => ({
    type,
    kv: describeKeyValue(kv, base),
    prevKv: prevKv && describeKeyValue(prevKv, base),
  });
  return {
    created: watch.createdRevision === null ? null : watch.createdRevision - base.revision,
    end:
      watch.end?.kind === 'compacted'
        ? { compacted: watch.end.compactRevision - base.revision }
        : (watch.end?.kind ?? null),
    revisions: splitByRevision(watch.batches)
      .filter((events) => events[0]!.kv.modRevision <= lastRevision)
      .map((events) => events.map(describeEvent)),
  };
}

/** Batches as lists of one revision each; a revision that was spread over two batches stays in two. */
function splitByRevision(batches: RecordedWatch['batches']): EtcdEvent[][] {
  const revisions: EtcdEvent[][] = [];
  for (const batch of batches) {
    let revision = -1;
    for (const event of batch) {
      if (event.kv.modRevision !== revision) revisions.push([]);
      revision = event.kv.modRevision;
      revisions.at(-1)!.push(event);
    }
  }
  return revisions;
}
