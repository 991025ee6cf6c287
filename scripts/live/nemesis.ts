/**
 * Strikes a running cluster with faults: in each shard one at a time, so that a quorum usually remains, and at the same
 * time one sharder after the other. Each fault is undone before the next, even one that an abort cuts short.
 */
import type { ClusterStatus, MemberStatus, ShardStatus } from '../../cluster/providers/provider.ts';
import { RandomStream } from '../../sim/kernel/random-stream.ts';
import { delay } from './delay.ts';
import {
  sharderFaultKinds,
  shardFaultKinds,
  sharderStrikes,
  shardStrikes,
  type FaultKind,
  type ShardFaultKind,
  type SharderFaultKind,
  type Strike,
} from './fault-plan.ts';
import type { LiveRecorder } from './live-recorder.ts';
import type { Traffic } from './traffic.ts';
import type { Strikable } from './watched-cluster.ts';

const pollMs = 150;
/** An election takes about 2 s, and a member or sharder that starts about 1 s, on a machine that is not overloaded. */
const recoveryMsMax = 10_000;
/** Operations that an idle sharder has under way in the shard end within this time. */
const idleMsBefore = 400;
/** Reads wait in the paused member before it wakes: not so long that the sharder gives up on them after 1 s. */
const rushMsBefore = 400;
const rushMsAfter = 1000;

export interface NemesisParts {
  cluster: Strikable;
  traffic: Traffic;
  recorder: LiveRecorder;
  seed: number;
}

export class Nemesis {
  /** Faults that found a victim. */
  readonly fired = Object.fromEntries(
    [...shardFaultKinds, ...sharderFaultKinds].map((kind) => [kind, 0]),
  ) as Record<FaultKind, number>;
  /** Names of the faults that last. */
  readonly underWay = new Set<string>();
  private readonly parts: NemesisParts;

  constructor(parts: NemesisParts) {
    this.parts = parts;
  }

  /** Strikes until the signal, and ends once its faults are undone; the processes that it started may not serve yet. */
  async run(signal: AbortSignal): Promise<void> {
    const status = await this.parts.cluster.status();
    const failure = new AbortController();
    const until = AbortSignal.any([signal, failure.signal]);
    const lanes = [
      ...status.shards.map((shard) => this.strikeShard(shard, until)),
      this.strikeSharders(until),
    ];
    for (const lane of lanes) lane.catch(() => failure.abort());
    for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
  }

  private async strikeShard({ id, members }: ShardStatus, until: AbortSignal): Promise<void> {
    const random = new RandomStream(this.parts.seed, `nemesis of shard ${id}`);
    for (const strike of shardStrikes(random, members.length)) {
      await delay(strike.calmMs, until);
      const shard = await this.whenWhole(id, strike, until);
      if (until.aborted) return;
      if (shard !== null) await this.strikeMembers(strike, shard, until);
    }
  }

  private async strikeSharders(until: AbortSignal): Promise<void> {
    const random = new RandomStream(this.parts.seed, 'nemesis of the sharders');
    for (const strike of sharderStrikes(random)) {
      await delay(strike.calmMs, until);
      // A sharder that is struck meanwhile would spoil the test of an idle one.
      const isFree = (status: ClusterStatus) => areServing(status) && !this.parts.traffic.hasIdle;
      // Every kind has to strike: after a skipped strike the next of its kind would come after a short run's end.
      let status: ClusterStatus | null = null;
      while (status === null && !until.aborted) status = await this.when(until, isFree);
      if (status === null || until.aborted) return;
      const { name } = status.sharders[strike.pick % status.sharders.length]!;
      await this.inflict(strike, [name], () => delay(strike.forMs, until));
    }
  }

  private async strikeMembers(
    strike: Strike<ShardFaultKind>,
    shard: ShardStatus,
    until: AbortSignal,
  ): Promise<void> {
    const { traffic } = this.parts;
    const sharders = traffic.doors.map(({ sharder }) => sharder).filter((name) => name !== null);
    const victims = victimsOf(strike, shard);
    if (!strike.leavesSharderIdle || sharders.length < 2)
      return this.inflict(strike, victims, () => delay(strike.forMs, until));
    const idle = sharders[strike.pick % sharders.length]!;
    try {
      traffic.leaveIdle(shard.name, idle);
      await delay(idleMsBefore, until);
      await this.inflict(strike, victims, async () => {
        await delay(strike.forMs - rushMsBefore, until);
        traffic.rush(shard.name, idle);
        await delay(rushMsBefore, until);
      });
      await delay(rushMsAfter, until);
    } finally {
      traffic.release(shard.name);
    }
  }

  /** Pauses or kills the victims, and wakes or starts them again once `lasts` has ended, even after an error. */
  private async inflict(
    { kind }: Strike<ShardFaultKind | SharderFaultKind>,
    victims: readonly string[],
    lasts: () => Promise<void>,
  ): Promise<void> {
    const { recorder, cluster } = this.parts;
    const { faults } = cluster;
    const isPause = kind.startsWith('pause');
    const name = `${isPause ? 'pause' : 'kill'} ${victims.join(', ')}${kind.endsWith('leader') ? ' (leader)' : ''}`;
    const fromNs = recorder.nowNs();
    this.underWay.add(name);
    try {
      for (const victim of victims) await (isPause ? faults.pause(victim) : faults.kill(victim));
      this.fired[kind]++;
      await lasts();
    } finally {
      for (const victim of victims) await (isPause ? faults.resume(victim) : faults.restart(victim));
      this.underWay.delete(name);
      recorder.fault(name, { fromNs, untilNs: recorder.nowNs() }, victims);
    }
  }

  /** The shard, once it has a leader and what else the strike needs; null when that takes too long. */
  private async whenWhole(
    id: number,
    { leavesSharderIdle }: Strike<ShardFaultKind>,
    until: AbortSignal,
  ): Promise<ShardStatus | null> {
    const find = (status: ClusterStatus) => status.shards.find((shard) => shard.id === id)!;
    const isFit = (status: ClusterStatus) =>
      isWhole(find(status)) && (!leavesSharderIdle || areServing(status));
    const status = await this.when(until, isFit);
    return status === null ? null : find(status);
  }

  private async when(
    until: AbortSignal,
    isSo: (status: ClusterStatus) => boolean,
  ): Promise<ClusterStatus | null> {
    const deadlineMs = performance.now() + recoveryMsMax;
    while (!until.aborted && performance.now() < deadlineMs) {
      const status = await this.parts.cluster.status();
      if (isSo(status)) return status;
      await delay(pollMs, until);
    }
    return null;
  }
}

function areServing({ sharders }: ClusterStatus): boolean {
  return sharders.every(({ ready }) => ready);
}

/** Every member answers, so that a fault takes the quorum only where it is meant to. */
function isWhole({ leader, members }: ShardStatus): boolean {
  return leader !== null && members.every(({ etcd }) => etcd !== null);
}

/** The members that a strike hits, leader first. For a quorum it hits the fewest members without which the shard stands still. */
export function victimsOf(
  { kind, pick }: Pick<Strike<ShardFaultKind>, 'kind' | 'pick'>,
  { leader, members }: { leader: string | null; members: readonly Pick<MemberStatus, 'name'>[] },
): string[] {
  const names = members.map(({ name }) => name);
  const followers = names.filter((name) => name !== leader);
  const turned = followers.map((_, index) => followers[(index + pick) % followers.length]!);
  const leaders = names.filter((name) => name === leader);
  switch (kind) {
    case 'pause_leader':
    case 'kill_leader':
      return leaders;
    case 'pause_follower':
    case 'kill_follower':
      return turned.slice(0, 1);
    case 'pause_quorum':
    case 'kill_quorum':
      return [...leaders, ...turned].slice(0, Math.ceil(names.length / 2));
  }
}
