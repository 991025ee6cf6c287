/** What must be over when no request comes and nothing fails any more: nothing waits, is on its way, or is listened to. */
import type { View } from '../../sharder/core/view.ts';
import type { SimCluster } from '../etcd/cluster.ts';
import type { SimSharder } from './world/sim-sharder.ts';
import type { SimViewServer } from './world/sim-view-server.ts';

export interface RestingWorld {
  sharders: readonly SimSharder[];
  viewServers: readonly SimViewServer[];
  clusters: readonly SimCluster[];
  /** The newest view. */
  view: View;
  /** Shard to the epoch of its copy of the view. */
  mirrored: ReadonlyMap<number, number>;
  /** Whether every sharder must have heard of the view. */
  isViewTold: boolean;
}

/** Null when everything rests; else the first part that does not. */
export function findRestless(world: RestingWorld): string | null {
  const { sharders, viewServers, clusters, view, mirrored, isViewTold } = world;
  for (const sharder of sharders) {
    const busy = sharder.findBusy();
    if (busy !== null) return `${sharder.process.name}: ${busy}`;
    const { viewEpoch } = sharder;
    if (isViewTold && viewEpoch !== view.epoch)
      return `${sharder.process.name} is at epoch ${viewEpoch}, and the view at ${view.epoch}`;
  }
  for (const { id } of view.shards.slice(1)) {
    const epoch = mirrored.get(id) ?? 0;
    if (epoch !== view.epoch) return `shard ${id} has a copy of view ${epoch}, not ${view.epoch}`;
  }
  for (const { process, movesUnderWay } of viewServers)
    if (movesUnderWay > 0) return `${process.name} still works on ${movesUnderWay} moves`;
  const joining = clusters
    .flatMap(({ isRetired, members }) => (isRetired ? [] : members))
    .find(({ join }) => join !== null);
  if (joining !== undefined) return `${joining.process.name} has not come to its vote, or not left`;
  // Each sharder watches the view, perhaps at a member of another shard whose address the home shard had before.
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
