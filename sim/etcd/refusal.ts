/** The definite errors of etcd, each with the message of its rpctypes. A refused request has changed nothing. */
import type { EtcdErrorCode } from '../../sharder/core/ports.ts';

export interface Refusal {
  kind: 'refused';
  code: EtcdErrorCode;
  message: string;
}

const refuse = (code: EtcdErrorCode, message: string): Refusal => ({ kind: 'refused', code, message });

export const refusals = {
  compacted: refuse('compacted', 'etcdserver: mvcc: required revision has been compacted'),
  futureRevision: refuse('future_revision', 'etcdserver: mvcc: required revision is a future revision'),
  duplicateKey: refuse('duplicate_key', 'etcdserver: duplicate key given in txn request'),
  tooManyOperations: refuse('too_many_operations', 'etcdserver: too many operations in txn request'),
  emptyKey: refuse('empty_key', 'etcdserver: key is not provided'),
  requestTooLarge: refuse('request_too_large', 'etcdserver: request is too large'),
  leaseNotFound: refuse('lease_not_found', 'etcdserver: requested lease not found'),
  leaseExists: refuse('lease_exists', 'etcdserver: lease already exists'),
  leaseTtlTooLarge: refuse('lease_ttl_too_large', 'etcdserver: too large lease TTL'),
  tooManyRequests: refuse('too_many_requests', 'etcdserver: too many requests'),
  learner: refuse('unfit_member', 'etcdserver: rpc not supported for learner'),
  notCapable: refuse('unfit_member', 'etcdserver: not capable'),
} as const;

/** The quota is exceeded. This is no refusal: the write that first exceeds the quota gets it too, and is applied. */
export const noSpace = {
  kind: 'lost',
  cause: 'no_space',
  message: 'etcdserver: mvcc: database space exceeded',
} as const;
