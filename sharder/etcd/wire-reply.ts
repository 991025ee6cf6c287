/** Messages of etcd.proto as replies. 64-bit integers come as Long and become numbers, member ids decimal strings. */
import type { DeleteRangeReply, KeyValue, PutReply, RangeReply, ReplyHeader } from '../core/etcd-messages.ts';
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
  ID: Long;
  TTL: Long;
  grantedTTL: Long;
  keys: string[];
  version: string;
  dbSize: Long;
  dbSizeInUse: Long;
  dbSizeQuota: Long;
  leader: Long;
  raftIndex: Long;
  raftTerm: Long;
  isLearner: boolean;
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
export const toNumber = (long: Long): number =>
  long.high === 0 ? long.low >>> 0 : long.high * 2 ** 32 + (long.low >>> 0);
export const toDecimal = (long: Pick<Long, 'low' | 'high'>): string =>
  ((BigInt(long.high >>> 0) << 32n) | BigInt(long.low >>> 0)).toString();

/** The last member seen: member ids recur, and 64 bits to decimal is the most expensive part of a header. */
let lastMember: { low: number; high: number; text: string } = { low: 0, high: 0, text: '0' };

export function memberText(id: Pick<Long, 'low' | 'high'>): string {
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

function toRangeReply(reply: WireReply): RangeReply {
  return {
    kind: 'range',
    header: toHeader(reply.header),
    kvs: reply.kvs.map(toKeyValue),
    more: reply.more,
    count: toNumber(reply.count),
  };
}

function toPutReply(reply: WireReply): PutReply {
  return {
    kind: 'put',
    header: toHeader(reply.header),
    prevKv: reply.prev_kv ? toKeyValue(reply.prev_kv) : null,
  };
}

function toDeleteReply(reply: WireReply): DeleteRangeReply {
  return {
    kind: 'delete_range',
    header: toHeader(reply.header),
    deleted: toNumber(reply.deleted),
    prevKvs: reply.prev_kvs.map(toKeyValue),
  };
}

/** A whole reply to one of the simple requests on data. */
export const replyOf = { range: toRangeReply, put: toPutReply, delete_range: toDeleteReply };
