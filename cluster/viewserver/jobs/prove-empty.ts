/** The proof that a shard may be deleted, from its own etcd: it owns nothing, nothing is on its way, no key is left. */
import { decodeFenceOf, fenceKey } from '../../../sharder/core/fence.ts';
import type { ViewShard } from '../../../sharder/core/view.ts';
import { ClusterError } from '../../errors.ts';
import type { ShardCaller } from '../home/shard-caller.ts';

/** All users' keys and all markers. */
const dataRange = { key: 'd/', rangeEnd: 'd0' } as const;

/** @throws ClusterError that says what is left. */
export async function proveEmpty(caller: ShardCaller, shard: ViewShard): Promise<void> {
  const key = fenceKey(shard);
  const reply = await caller.read(shard, {
    kind: 'txn',
    compare: [{ key, target: 'create_revision', result: 'greater', operand: 0 }],
    success: [
      { kind: 'range', key },
      { kind: 'range', ...dataRange, countOnly: true },
    ],
    failure: [],
  });
  if (reply.kind !== 'txn') throw new Error(`etcd answered a txn with ${reply.kind}`);
  const [fence, data] = reply.responses;
  const record = fence?.kind === 'range' ? fence.kvs[0] : undefined;
  if (!reply.succeeded || record === undefined || data?.kind !== 'range')
    throw new ClusterError(`what answers as shard ${shard.id} has no record of it`);
  const held = decodeFenceOf(shard, record.value).slots.filter(
    (state) => state !== undefined && state.kind !== 'moved',
  );
  if (held.length > 0) throw new ClusterError(`shard ${shard.id} still holds ${held.length} slots`);
  if (data.count > 0) throw new ClusterError(`shard ${shard.id} still has ${data.count} keys`);
}
