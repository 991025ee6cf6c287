/** The proof that a shard may be deleted, from its own etcd: it owns nothing, nothing is on its way, no key is left. */
import { decodeFence, FENCE_KEY } from '../../sharder/core/fence.ts';
import type { ViewShard } from '../../sharder/core/view.ts';
import { ClusterError } from '../errors.ts';
import type { ShardCaller } from './shard-caller.ts';

/** All users' keys and all markers. */
const dataRange = { key: 'd/', rangeEnd: 'd0' } as const;

/** @throws ClusterError that says what is left. */
export async function proveEmpty(caller: ShardCaller, shard: ViewShard): Promise<void> {
  const fence = await caller.read(shard, { kind: 'range', key: FENCE_KEY });
  if (fence.kind !== 'range') throw new Error(`etcd answered a range with ${fence.kind}`);
  const stored = fence.kvs[0];
  if (stored !== undefined) {
    const held = decodeFence(stored.value).slots.filter(
      (state) => state !== undefined && state.kind !== 'moved',
    );
    if (held.length > 0) throw new ClusterError(`shard ${shard.id} still holds ${held.length} slots`);
  }
  const data = await caller.read(shard, { kind: 'range', ...dataRange, countOnly: true });
  if (data.kind !== 'range') throw new Error(`etcd answered a range with ${data.kind}`);
  if (data.count > 0) throw new ClusterError(`shard ${shard.id} still has ${data.count} keys`);
}
