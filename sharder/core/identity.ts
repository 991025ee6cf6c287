/**
 * Which shard an etcd cluster is. An address may be used again, and a snapshot restored elsewhere: a cluster that answers at
 * a shard's address is that shard only if it proves so.
 */
import type { Random } from './ports.ts';
import type { ShardId } from './numbers.ts';

/** Says which shard an etcd cluster is: written once, with its first fence record. */
export const IDENTITY_KEY = 'vase/identity';

/** The name of a shard: fence records, and the cluster that answers for the shard, are compared with it. */
export interface ShardName {
  id: ShardId;
  /** Drawn at random, 16 hex digits; shards that are older than identities have none. */
  identity?: string | undefined;
}

export function newIdentity(random: Random): string {
  return [random.nextUint32(), random.nextUint32()]
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('');
}

/** @throws Error when `raw` is not undefined and is no identity. */
export function asIdentity(raw: unknown): string | undefined {
  if (raw === undefined || (typeof raw === 'string' && /^[0-9a-f]{16}$/.test(raw))) return raw;
  throw new Error('an identity has 16 hex digits');
}
