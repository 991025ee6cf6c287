/** Messages of etcd.proto as replies. 64-bit integers come as Long and become numbers, member ids decimal strings. */
import type {
  DeleteRangeReply,
  KeyValue,
  PutReply,
  RangeReply,
  ReplyHeader,
  ResponseOp,
  TxnReply,
} from '../core/etcd-messages.ts';
import type { Long } from './schema.ts';

/** A decoded response: the union of the fields of all response messages, 64-bit integers as Long. */
export interface WireReply {
  header?: WireHeader | null;
  kvs: WireKeyValue[];
  more: boolean;
  count: Long;
  prev_kv?: WireKeyValue | null;
  deleted: Long;
  prev_kvs: WireKeyValue[];
  succeeded: boolean;
  responses: WireResponseOp[];
  ID: Long;
  TTL: Long;
  grantedTTL: Long;
  keys: string[];
  version: string;
  dbSize: Long;
  leader: Long;
  raftIndex: Long;
  raftTerm: Long;
}
export type WireHeader = { member_id: Long; revision: Long; raft_term: Long };
export type WireKeyValue = {
  key: string;
  value: Uint8Array;
  create_revision: Long;
  mod_revision: Long;
  version: Long;
  lease: Long;
};
type WireResponseOp = {
  response_range?: WireReply | null;
  response_put?: WireReply | null;
  response_delete_range?: WireReply | null;
  response_txn?: WireReply | null;
};

export const toNumber = (long: Long): number =>
  long.high === 0 ? long.low >>> 0 : long.high * 2 ** 32 + (long.low >>> 0);
export const toDecimal = (long: Long): string =>
  ((BigInt(long.high >>> 0) << 32n) | BigInt(long.low >>> 0)).toString();

/** The last member seen: member ids recur, and 64 bits to decimal is the dearest part of a header. */
let lastMember: { low: number; high: number; text: string } = { low: 0, high: 0, text: '0' };

function memberText(id: Long): string {
  if (id.low !== lastMember.low || id.high !== lastMember.high) {
    lastMember = { low: id.low, high: id.high, text: toDecimal(id) };
  }
  return lastMember.text;
}

export function toHeader(header: WireHeader | null | undefined): ReplyHeader | null {
  if (!header) return null;
  return {
    memberId: memberText(header.member_id),
    revision: toNumber(header.revision),
    raftTerm: toNumber(header.raft_term),
  };
}

const noBytes = new Uint8Array(0);

export function toKeyValue(kv: WireKeyValue): KeyValue {
  return {
    key: kv.key,
    // protobufjs gives an empty field as an empty array.
    value: kv.value.length === 0 ? noBytes : kv.value,
    createRevision: toNumber(kv.create_revision),
    modRevision: toNumber(kv.mod_revision),
    version: toNumber(kv.version),
    lease: toNumber(kv.lease),
  };
}

function toRangeReply(reply: WireReply, header: ReplyHeader | null): RangeReply {
  return {
    kind: 'range',
    header,
    kvs: reply.kvs.map(toKeyValue),
    more: reply.more,
    count: toNumber(reply.count),
  };
}

function toPutReply(reply: WireReply, header: ReplyHeader | null): PutReply {
  return { kind: 'put', header, prevKv: reply.prev_kv ? toKeyValue(reply.prev_kv) : null };
}

function toDeleteReply(reply: WireReply, header: ReplyHeader | null): DeleteRangeReply {
  return {
    kind: 'delete_range',
    header,
    deleted: toNumber(reply.deleted),
    prevKvs: reply.prev_kvs.map(toKeyValue),
  };
}

function toTxnReply(reply: WireReply, header: ReplyHeader | null): TxnReply {
  return { kind: 'txn', header, succeeded: reply.succeeded, responses: reply.responses.map(toResponseOp) };
}

/** Headers inside a transaction's reply carry nothing but the revision again: they are left out. */
function toResponseOp(op: WireResponseOp): ResponseOp {
  if (op.response_range) return toRangeReply(op.response_range, null);
  if (op.response_put) return toPutReply(op.response_put, null);
  if (op.response_delete_range) return toDeleteReply(op.response_delete_range, null);
  if (op.response_txn) return toTxnReply(op.response_txn, null);
  throw new Error('a response in a transaction has no kind that Vase knows');
}

/** A whole reply to one of the requests that may also stand in a transaction. */
export const replyOf = {
  range: (reply: WireReply) => toRangeReply(reply, toHeader(reply.header)),
  put: (reply: WireReply) => toPutReply(reply, toHeader(reply.header)),
  delete_range: (reply: WireReply) => toDeleteReply(reply, toHeader(reply.header)),
  txn: (reply: WireReply) => toTxnReply(reply, toHeader(reply.header)),
};
