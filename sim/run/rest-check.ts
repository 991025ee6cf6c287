/** What must be over when nothing is asked and nothing fails any more: nothing waits, is on its way, or is listened to. */
import type { SimCluster } from '../etcd/cluster.ts';
import type { SimSharder } from './sim-sharder.ts';
import type { SimViewServer } from './sim-view-server.ts';

export interface RestingWorld {
  sharders: readonly SimSharder[];
  viewServers: readonly SimViewServer[];
  clusters: readonly SimCluster[];
}

/** Null when all rests; else what does not. */
export function findRestless({ sharders, viewServers, clusters }: RestingWorld): string | null {
  for (const sharder of sharders) {
    const busy = sharder.findBusy();
    if (busy !== null) return `${sharder.process.name}: ${busy}`;
  }
  for (const { process, movesUnderWay } of viewServers)
    if (movesUnderWay > 0) return `${process.name} still works on ${movesUnderWay} moves`;
  // Each sharder watches the view, and may do so at a member of another shard whose address was the home shard's.
  const watches = clusters.flatMap(openWatches);
  return watches.length > sharders.length
    ? `more watches are open than sharders: ${watches.join(', ')}`
    : null;
}

function openWatches({ members }: SimCluster): string[] {
  return members.flatMap(({ process, machine }) =>
    machine.watches.openKeys.map((key) => `${key} at ${process.name}`),
  );
}
