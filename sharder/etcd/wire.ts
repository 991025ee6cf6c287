/** etcd's unary methods: the path of each kind of request, its bytes, and the reply in the answer's bytes. */
import type { EtcdReply, EtcdRequest, TxnRequest } from '../core/etcd-messages.ts';
import { readTxnReply } from './read-txn-reply.ts';
import { type Fields, messageType } from './schema.ts';
import { replyOf, toDecimal, toHeader, toNumber, type WireReply } from './wire-reply.ts';
import { fromRequest } from './wire-request.ts';
import { writeTxn } from './write-txn.ts';

/** How one kind of request travels. */
interface Method {
  /** The gRPC path. */
  path: string;
  encode: (request: EtcdRequest) => Buffer;
  decode: (bytes: Buffer) => EtcdReply;
}

function method<Kind extends EtcdRequest['kind']>(
  service: 'KV' | 'Lease' | 'Maintenance',
  name: string,
  [request, response]: [string, string],
  toFields: (request: Extract<EtcdRequest, { kind: Kind }>) => Fields,
  toReply: (fields: WireReply) => EtcdReply,
): Method {
  const requestType = messageType(request);
  const responseType = messageType(response);
  return {
    path: `/etcdserverpb.${service}/${name}`,
    encode: (message) => requestType.encode(toFields(message as never)).finish() as Buffer,
    decode: (bytes) => toReply(responseType.decode(bytes) as unknown as WireReply),
  };
}

/** Every kind of request and its method. */
export const methods: Record<EtcdRequest['kind'], Method> = {
  range: method<'range'>('KV', 'Range', ['RangeRequest', 'RangeResponse'], fromRequest, replyOf.range),
  put: method<'put'>('KV', 'Put', ['PutRequest', 'PutResponse'], fromRequest, replyOf.put),
  delete_range: method<'delete_range'>(
    'KV',
    'DeleteRange',
    ['DeleteRangeRequest', 'DeleteRangeResponse'],
    fromRequest,
    replyOf.delete_range,
  ),
  txn: {
    path: '/etcdserverpb.KV/Txn',
    encode: (request) => writeTxn(request as TxnRequest),
    decode: readTxnReply,
  },
  compact: method<'compact'>(
    'KV',
    'Compact',
    ['CompactionRequest', 'CompactionResponse'],
    ({ revision, physical }) => ({ revision, physical: physical ?? false }),
    ({ header }) => ({ kind: 'compact', header: toHeader(header) }),
  ),
  lease_grant: method<'lease_grant'>(
    'Lease',
    'LeaseGrant',
    ['LeaseGrantRequest', 'LeaseGrantResponse'],
    ({ id, ttlSeconds }) => ({ ID: id, TTL: ttlSeconds }),
    ({ header, ID, TTL }) => ({
      kind: 'lease_grant',
      header: toHeader(header),
      id: toNumber(ID),
      ttlSeconds: toNumber(TTL),
    }),
  ),
  lease_revoke: method<'lease_revoke'>(
    'Lease',
    'LeaseRevoke',
    ['LeaseRevokeRequest', 'LeaseRevokeResponse'],
    ({ id }) => ({ ID: id }),
    ({ header }) => ({ kind: 'lease_revoke', header: toHeader(header) }),
  ),
  lease_keep_alive: method<'lease_keep_alive'>(
    'Lease',
    'LeaseKeepAlive',
    ['LeaseKeepAliveRequest', 'LeaseKeepAliveResponse'],
    ({ id }) => ({ ID: id }),
    ({ header, ID, TTL }) => ({
      kind: 'lease_keep_alive',
      header: toHeader(header),
      id: toNumber(ID),
      ttlSeconds: toNumber(TTL),
    }),
  ),
  lease_time_to_live: method<'lease_time_to_live'>(
    'Lease',
    'LeaseTimeToLive',
    ['LeaseTimeToLiveRequest', 'LeaseTimeToLiveResponse'],
    ({ id, keys }) => ({ ID: id, keys: keys ?? false }),
    ({ header, ID, TTL, grantedTTL, keys }) => ({
      kind: 'lease_time_to_live',
      header: toHeader(header),
      id: toNumber(ID),
      ttlSeconds: toNumber(TTL),
      grantedTtlSeconds: toNumber(grantedTTL),
      keys,
    }),
  ),
  status: method<'status'>(
    'Maintenance',
    'Status',
    ['StatusRequest', 'StatusResponse'],
    () => ({}),
    ({ header, version, dbSize, dbSizeInUse, dbSizeQuota, leader, raftIndex, raftTerm, isLearner }) => ({
      kind: 'status',
      header: toHeader(header),
      version,
      dbSizeBytes: toNumber(dbSize),
      dbSizeInUseBytes: toNumber(dbSizeInUse),
      quotaBytes: toNumber(dbSizeQuota),
      leaderId: toDecimal(leader),
      raftIndex: toNumber(raftIndex),
      raftTerm: toNumber(raftTerm),
      isLearner,
    }),
  ),
};
