/**
 * The part of etcd's v3 API that Vase speaks, as plain data. Names follow etcd's own rpc.proto. Keys are strings
 * (every key that Vase writes is valid UTF-8) and are ordered by their UTF-8 bytes; values are bytes. 64-bit numbers
 * are JavaScript numbers: revisions stay below 2^53. Lease ids are below 2^53 because Vase chooses them itself.
 */
import type { Revision } from './numbers.ts';

/** Ordered comparison of one attribute of one key; a missing key has version, create and mod revision, lease 0. */
export type Compare = { key: string; result: CompareResult } & (
  | { target: 'version' | 'create_revision' | 'mod_revision' | 'lease'; operand: number }
  | { target: 'value'; operand: Uint8Array }
);
export type CompareResult = 'equal' | 'greater' | 'less' | 'not_equal';

export interface RangeRequest {
  kind: 'range';
  key: string;
  /** Absent: the single key. '\0': every key from `key` on. Otherwise the half-open interval [key, rangeEnd). */
  rangeEnd?: string;
  /** 0 or absent: no limit. */
  limit?: number;
  /** 0 or absent: the newest revision. */
  revision?: Revision;
  keysOnly?: boolean;
  countOnly?: boolean;
  /** Default: ascending by key. */
  sort?: { target: 'key' | 'version' | 'create' | 'mod' | 'value'; order: 'ascend' | 'descend' };
  minModRevision?: Revision;
  maxModRevision?: Revision;
  minCreateRevision?: Revision;
  maxCreateRevision?: Revision;
  /** A read that skips ReadIndex and may be stale. Vase never sets it; it exists for the tests' negative controls. */
  serializable?: boolean;
}

export interface PutRequest {
  kind: 'put';
  key: string;
  value: Uint8Array;
  /** 0 or absent: none. */
  lease?: number;
  prevKv?: boolean;
}

export interface DeleteRangeRequest {
  kind: 'delete_range';
  key: string;
  rangeEnd?: string;
  prevKv?: boolean;
}

export interface TxnRequest {
  kind: 'txn';
  /** All must hold for `success` to run; an empty list holds. */
  compare: readonly Compare[];
  success: readonly RequestOp[];
  failure: readonly RequestOp[];
}

/** The requests that a transaction may contain. */
export type RequestOp = RangeRequest | PutRequest | DeleteRangeRequest | TxnRequest;

export type EtcdRequest =
  | RequestOp
  | { kind: 'compact'; revision: Revision; physical?: boolean }
  | { kind: 'lease_grant'; id: number; ttlSeconds: number }
  | { kind: 'lease_revoke'; id: number }
  | { kind: 'lease_keep_alive'; id: number }
  | { kind: 'lease_time_to_live'; id: number; keys?: boolean }
  | { kind: 'status' };

export interface KeyValue {
  key: string;
  /** Empty when the request asked for keys only. */
  value: Uint8Array;
  createRevision: Revision;
  modRevision: Revision;
  version: number;
  lease: number;
}

export interface ReplyHeader {
  /** Decimal string of the member that answered: 64 bits do not fit in a number. */
  memberId: string;
  /** The store's revision when the request was applied. */
  revision: Revision;
  raftTerm: number;
}

export interface RangeReply {
  kind: 'range';
  header: ReplyHeader | null;
  kvs: readonly KeyValue[];
  /** True when `limit` cut the answer. */
  more: boolean;
  /** Keys in the range, whatever the limit. */
  count: number;
}

export interface PutReply {
  kind: 'put';
  header: ReplyHeader | null;
  prevKv: KeyValue | null;
}

export interface DeleteRangeReply {
  kind: 'delete_range';
  header: ReplyHeader | null;
  deleted: number;
  prevKvs: readonly KeyValue[];
}

export interface TxnReply {
  kind: 'txn';
  header: ReplyHeader | null;
  succeeded: boolean;
  /** One per operation of the branch that ran, in order. Headers inside are null: the outermost one counts. */
  responses: readonly ResponseOp[];
}

export type ResponseOp = RangeReply | PutReply | DeleteRangeReply | TxnReply;

export interface StatusReply {
  kind: 'status';
  header: ReplyHeader | null;
  /** etcd's version, for example "3.4.23". */
  version: string;
  /** Size of its database, gaps included: etcd's quota bounds this size. */
  dbSizeBytes: number;
  /** Without the gaps. */
  dbSizeInUseBytes: number;
  /** 0: the member does not report it, as before etcd 3.6; negative: there is no quota. */
  quotaBytes: number;
  /** Decimal string; "0" when this member knows no leader. */
  leaderId: string;
  raftIndex: number;
  raftTerm: number;
  /** A learner gets the data, has no vote, and serves no client. */
  isLearner: boolean;
}

export type EtcdReply =
  | ResponseOp
  | { kind: 'compact'; header: ReplyHeader | null }
  | { kind: 'lease_grant'; header: ReplyHeader | null; id: number; ttlSeconds: number }
  | { kind: 'lease_revoke'; header: ReplyHeader | null }
  /** A `ttlSeconds` of 0 says that the lease is gone. */
  | { kind: 'lease_keep_alive'; header: ReplyHeader | null; id: number; ttlSeconds: number }
  /** A `ttlSeconds` of -1 says that the lease is gone. */
  | {
      kind: 'lease_time_to_live';
      header: ReplyHeader | null;
      id: number;
      ttlSeconds: number;
      grantedTtlSeconds: number;
      keys: readonly string[];
    }
  | StatusReply;

export interface WatchRequest {
  key: string;
  rangeEnd?: string;
  /** First revision to deliver; 0 or absent: only what happens from now on. */
  startRevision?: Revision;
  prevKv?: boolean;
  progressNotify?: boolean;
}

export interface EtcdEvent {
  type: 'put' | 'delete';
  /** For a delete: the key and `modRevision` of the deletion; everything else is empty. */
  kv: KeyValue;
  prevKv: KeyValue | null;
}
