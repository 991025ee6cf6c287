/** Faults while slots move: etcd leaders and view servers are killed and started again, one of each at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import type { ViewServer } from './view-server.ts';

const calmMs = 3000;
const downMs = 1500;

export interface StrikeCount {
  leaders: number;
  viewServers: number;
}

/** Until the signal; what it killed runs again then. */
export async function strike(
  provider: LocalProvider,
  server: ViewServer,
  signal: AbortSignal,
): Promise<StrikeCount> {
  const count: StrikeCount = { leaders: 0, viewServers: 0 };
  await Promise.all([
    strikeLeaders(provider, signal, count),
    strikeViewServers(provider, server, signal, count),
  ]);
  return count;
}

async function strikeLeaders(
  provider: LocalProvider,
  signal: AbortSignal,
  count: StrikeCount,
): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    await wait(calmMs, signal);
    if (signal.aborted) return;
    const targets = await provider.faults.targets();
    const members = targets.filter((target) => target.kind === 'member');
    // A shard of which another member is down, or that is only just made, would lose its quorum.
    const whole = members.filter(
      (target) =>
        target.leads &&
        members.filter((other) => other.shard === target.shard && other.process === 'running').length === 3,
    );
    const victim = whole[round % Math.max(1, whole.length)];
    if (victim === undefined) continue;
    if (await killAndRestart(provider, victim.name, signal)) count.leaders++;
  }
}

/** The one that leads, and only after it has led for a while: on a slow machine nothing would ever be done otherwise. */
async function strikeViewServers(
  provider: LocalProvider,
  server: ViewServer,
  signal: AbortSignal,
  count: StrikeCount,
): Promise<void> {
  while (!signal.aborted) {
    const view = await server.view().catch(() => null);
    await wait(calmMs, signal);
    if (signal.aborted) return;
    const leader = view?.leader?.name;
    if (leader !== undefined && (await killAndRestart(provider, leader, signal))) count.viewServers++;
  }
}

/** False where it is gone before it could be struck: its shard was removed. */
async function killAndRestart(provider: LocalProvider, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await provider.faults.kill(name);
    await wait(downMs, signal);
    await provider.faults.restart(name);
    return true;
  } catch (error) {
    if ((error as Error).name === 'UsageError') return false;
    throw error;
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
