/**
 * Whether one member's records of a lost shard fit the current records of the cluster's other shards. If the member's record
 * is older than a slot's departure, the shard would own the slot a second time, and two shards would answer for one key; if
 * it is older than a slot's arrival, the slot would have no owner.
 */
import { decodeFence, fenceKeys, type FenceRecord } from '../../../../sharder/core/fence.ts';
import { decodeView, shardName, VIEW_KEY } from '../../../../sharder/core/view.ts';
import { ClusterError } from '../../../errors.ts';
import type { EtcdCaller } from '../../../etcd/etcd-caller.ts';
import { readMirroredView } from '../../../records/mirrored-view.ts';
import { readStored } from '../../../records/stored-record.ts';
import type { ShardState } from '../state/cluster-state.ts';
import { endpointsOf } from '../processes/local-shard.ts';

interface Recovered {
  rpc: EtcdCaller;
  shard: ShardState;
  /** All shards of the cluster. */
  shards: readonly ShardState[];
  /** "host:port" of the member with these data; no other process knows this endpoint. */
  endpoint: string;
  /** The member's name, for messages. */
  name: string;
}

/**
 * Shards that do not answer are skipped: their records are compared when they are recovered.
 * @throws ClusterError where the member's data are too old.
 */
export async function demandFittingRecords(recovered: Recovered): Promise<void> {
  const { rpc, shard, shards, endpoint } = recovered;
  const fenceAt = (endpoints: readonly string[]) => readStored(rpc, endpoints, fenceKeys, decodeFence);
  const own = await fenceAt([endpoint]);
  if (own === null) throw tooOld(recovered, 'it does not tell what the shard owns');
  const others = shards.filter((each) => each !== shard && each.formed);
  const fences = await Promise.all(others.map((other) => fenceAt(endpointsOf(other))));
  for (const fence of fences) {
    const difference = fence === null ? null : differenceOf(own, fence);
    if (difference !== null) throw tooOld(recovered, difference);
  }
  if (shard !== shards[0]) return;
  const known = await readMirroredView(
    rpc,
    endpointsOf(shard),
    others.map((other) => ({ id: other.id, endpoints: endpointsOf(other) })),
  );
  const epoch = (await readStored(rpc, [endpoint], { key: VIEW_KEY }, decodeView))?.epoch ?? 0;
  if (known !== null && known.epoch > epoch)
    throw tooOld(
      recovered,
      `its view is of epoch ${epoch}, and other shards have a copy of epoch ${known.epoch}`,
    );
}

/** A clause that says how the records differ; null where they fit. */
export function differenceOf(own: FenceRecord, other: FenceRecord): string | null {
  const both: number[] = [];
  const none: number[] = [];
  for (const [slot, there] of other.slots.entries()) {
    const here = own.slots[slot];
    if (there?.kind === 'owned' && here?.kind === 'owned') both.push(slot);
    // The shard keeps knowing a slot that moved to it, even after the slot left. Each change of owner raises the slot's epoch.
    const isKnown =
      there?.kind !== 'moved' ||
      (here !== undefined && here.kind !== 'importing' && here.epoch >= there.epoch);
    if (there?.kind === 'moved' && there.to === own.shard && !isKnown) none.push(slot);
  }
  const first = (slots: readonly number[]) =>
    `${slots.length === 1 ? 'slot' : `${slots.length} slots, the first`} ${slots[0]}`;
  if (both.length > 0) return `it still owns what ${shardName(other.shard)} owns by now (${first(both)})`;
  return none.length === 0
    ? null
    : `it does not know of what came to the shard from ${shardName(other.shard)} (${first(none)})`;
}

function tooOld({ shard, name }: Recovered, why: string): ClusterError {
  return new ClusterError(`what ${name} has is too old to be ${shardName(shard.id)}: ${why}`, {
    nextStep: `Name another member that has data: \`vase shard recover ${shard.id} --from MEMBER\`; or put the folder back of one that had all.`,
  });
}
