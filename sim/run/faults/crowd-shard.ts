/** Keys of others take most of a shard's quota, and are deleted and forgotten later. */
import type { EtcdRequest } from '../../../sharder/core/etcd-messages.ts';
import type { EtcdRpc } from '../../../sharder/core/ports.ts';
import type { SimCluster } from '../../etcd/cluster.ts';
import { endpointOf } from '../../etcd/cluster.ts';
import type { Fault } from '../scenario/scenario.ts';
import type { World } from '../world/world.ts';
import { onLeader, type Struck } from './fault-acts.ts';

/** The prefix belongs to no slot: nobody reads or moves these keys. */
const prefix = 'others/';
const valueBytes = 8192;
const putOverheadBytes = 256;
const retryMs = 100;
const callMs = 1000;

/** Null where there is no quota. */
export function crowdShard(
  { leftBytes }: Extract<Fault, { kind: 'crowd_shard' }>,
  cluster: SimCluster,
  { world, rpc }: { world: World; rpc: EtcdRpc },
): Struck | null {
  const quotaBytes = cluster.leader()?.machine.room.quotaBytes ?? null;
  if (quotaBytes === null) return null;
  return onLeader(cluster, ({ machine }) => {
    const { inUseBytes } = machine.room;
    const keys = Math.floor((quotaBytes - inUseBytes - leftBytes) / (valueBytes + 2 * putOverheadBytes));
    for (let number = 0; number < keys; number++) {
      const put = { kind: 'put', key: `${prefix}${number}`, value: new Uint8Array(valueBytes) } as const;
      void ask(cluster, rpc, put);
    }
    return { target: cluster.name, end: () => clear(cluster, { world, rpc }) };
  });
}

/** Deletes them again and again, until no key is left. */
function clear(cluster: SimCluster, { world, rpc }: { world: World; rpc: EtcdRpc }): void {
  const range = { key: prefix, rangeEnd: 'others0' };
  const clearOnce = async () => {
    await ask(cluster, rpc, { kind: 'delete_range', ...range });
    const revision = cluster.leader()?.machine.store.revision ?? 0;
    const left = cluster.leader()?.machine.store.get(`${prefix}0`);
    if (left === undefined && revision > 0) await ask(cluster, rpc, { kind: 'compact', revision });
    else world.kernel.scheduleAsync((world.nowMs + retryMs) * 1000, () => void clearOnce());
  };
  void clearOnce();
}

async function ask(cluster: SimCluster, rpc: EtcdRpc, request: EtcdRequest): Promise<void> {
  const leader = cluster.leader();
  if (leader !== null) await rpc.call(endpointOf(leader), request, { deadlineMs: callMs });
}
