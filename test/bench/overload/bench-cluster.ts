/** A cluster of one part: the processes to strike, and proof that the limits of the part are in force. */
import type { TopologyInput } from '../../../cluster/topology/topology.ts';
import { openCluster } from '../../resharding/open-clusters.ts';
import { residentMebibytes } from '../sharder/process-usage.ts';

export interface BenchCluster {
  endpoint: string;
  /** Process ids of a shard's members. */
  membersOf(shard: number): readonly number[];
  /** Resident memory of the sharder at its peak, in MiB. */
  sharderPeak(): number;
  close(): Promise<void>;
}

/**
 * One sharder and shards of one member, without a view server, whose work would be measured with the rest.
 * @throws Error where this machine enforces neither a disk nor a share of a core.
 */
export async function startBenchCluster(topology: TopologyInput): Promise<BenchCluster> {
  const cluster = await openCluster({
    members: 1,
    sharders: 1,
    viewServers: 0,
    // Every overwritten value stays until it is compacted: a part writes about a GiB.
    etcd: { quota: '8Gi', compactionRetention: '1m' },
    ...topology,
  });
  try {
    const { shards, sharders, disk, notes } = await cluster.provider.status();
    if (topology.ssd && (disk === null || disk.uncapped.length > 0))
      throw new Error(
        `this machine emulates no ${topology.ssd}: that takes root and control groups on Linux`,
      );
    const unenforced = notes.find((note) => note.includes('not enforced'));
    if (unenforced !== undefined) throw new Error(unenforced);
    const members = new Map(shards.map((shard) => [shard.id, shard.members.map(({ pid }) => pid!)]));
    const sharder = sharders[0]!.pid!;
    const close = async () => {
      // A paused process does not hear that it should end.
      for (const pid of [...members.values()].flat()) signal(pid, 'SIGCONT');
      await cluster.close();
    };
    return {
      endpoint: cluster.endpoint,
      membersOf: (shard) => members.get(shard)!,
      sharderPeak: () => residentMebibytes(sharder).peak,
      close,
    };
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** To processes of the cluster; one that is gone is left alone. */
export function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
