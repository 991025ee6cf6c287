/** Undoes every fault on a cluster: wakes paused processes, starts ended ones, and waits until the cluster is well. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus, FaultControl, ProcessHealth } from '../../cluster/providers/provider.ts';
import type { Strikable } from './watched-cluster.ts';

const pollMs = 250;

/**
 * It cannot be interrupted: its purpose is to prevent a half-healed cluster.
 * @returns the last status: ready, or with what is wrong after `timeoutMs`.
 */
export async function heal(cluster: Strikable, { timeoutMs }: { timeoutMs: number }): Promise<ClusterStatus> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const status = await cluster.status();
    if (status.health === 'ready' || performance.now() >= deadlineMs) return status;
    for (const { name, process } of processesOf(status)) await mend(cluster.faults, name, process);
    await sleep(pollMs);
  }
}

/** Every member and sharder. */
export function processesOf({ shards, sharders }: ClusterStatus): { name: string; process: ProcessHealth }[] {
  return [...shards.flatMap(({ members }) => members), ...sharders];
}

async function mend(faults: FaultControl, name: string, process: ProcessHealth): Promise<void> {
  try {
    if (process === 'paused') await faults.resume(name);
    else if (process === 'stopped') await faults.restart(name);
  } catch {
    // A process that cannot be started now must not keep the others down; the next round tries again, and the status shows it.
  }
}
