/** Which members of a shard are well, before its members are changed: elections and starts get some time. */
import { setTimeout as delay } from 'node:timers/promises';
import { askMembers, findLed, type MemberAnswer } from '../processes/ask-members.ts';
import type { ShardState } from '../state/cluster-state.ts';
import type { LocalContext } from '../state/local-context.ts';
import { healthOf } from '../status/local-status.ts';
import type { SeenShard } from './member-rules.ts';

/** An election on a busy machine takes seconds. */
const settleMsMax = 10_000;
const pollMs = 200;

/** @returns `leader` is null where there is none. */
export async function seeMembers(
  { rpc, signal }: Pick<LocalContext, 'rpc' | 'signal'>,
  shard: ShardState,
): Promise<SeenShard & { leader: MemberAnswer | null }> {
  const untilMs = performance.now() + settleMsMax;
  for (;;) {
    signal.throwIfAborted();
    const led = findLed(await askMembers(rpc, shard.members));
    const health = await Promise.all(shard.members.map(({ process }) => healthOf(process)));
    const awaited = shard.members.filter((_, index) => health[index] === 'running');
    const isSettled = led !== null && awaited.every(({ name }) => led.names.has(name));
    if (isSettled || awaited.length === 0 || performance.now() > untilMs)
      return { shard, healthy: led?.names ?? new Set(), leader: led?.leader ?? null };
    await delay(pollMs, undefined, { signal });
  }
}
