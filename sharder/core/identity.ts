/**
 * Which shard an etcd cluster is. An address may be used again, and a snapshot restored elsewhere: what answers where a shard
 * was is that shard only if it proves so.
 */
import type { Random } from './ports.ts';
import type { ShardId } from './numbers.ts';

/** Says which shard an etcd cluster is: written once, with its first fence record. */
export const IDENTITY_KEY = 'vase/identity';

/** What a fence record, and whoever answers for a shard, is compared with. */
export interface ShardName {
  id: ShardId;
  /** Drawn at random, 16 hex digits; shards of before there were identities have none. */
  identity?: string | undefined;
}

export function newIdentity(random: Random): string {
  return [random.nextUint32(), random.nextUint32()]
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('');
}

/** @throws Error when it is none. */
export function asIdentity(raw: unknown): string | undefined {
  if (raw === undefined || (typeof raw === 'string' && /^[0-9a-f]{16}$/.test(raw))) return raw;
  throw new Error('an identity has 16 hex digits');
}
