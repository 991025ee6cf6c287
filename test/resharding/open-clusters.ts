/** The clusters of a run, so that an interrupt leaves none of them behind. */
import type { TopologyInput } from '../../cluster/topology/topology.ts';
import { startLocalCluster, type LocalCluster, type Tampering } from '../support/local-cluster.ts';

const open = new Set<LocalCluster>();

/** As `startLocalCluster`; closed by an interrupt, too. */
export async function openCluster(topology: TopologyInput, tampering: Tampering = {}): Promise<LocalCluster> {
  const cluster = await startLocalCluster(topology, tampering);
  const close = async () => {
    open.delete(cluster);
    await cluster.close();
  };
  open.add(cluster);
  return { ...cluster, close };
}

/** Ends the process with 130 once all are closed. */
export function closeOnInterrupt(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void Promise.allSettled([...open].map((cluster) => cluster.close())).then(() => process.exit(130));
    });
}
