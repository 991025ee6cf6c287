/**
 * Where shards reach their quota: sharders keep their reserve, so that no writer, least of all the view server, ever meets
 * etcd's alarm; and puts are accepted again soon after there is room. Checked where the world has no faults but full shards, moves
 * and restarts: a member that does not tell its size cannot be taken into account.
 */
import { inUseMax, refusalFor } from '../../sharder/core/reserve.ts';
import type { SimCluster } from '../etcd/cluster.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { SimSharder } from './world/sim-sharder.ts';
import type { World } from './world/world.ts';
import type { Violations } from './properties/violations.ts';

const lookMs = 100;
/** Two questions, and the sharder's own estimate between them. */
const questions = 2;
const slackMs = 1000;

export class RoomWatch {
  private readonly violations: Violations;
  private readonly isApt: boolean;
  private readonly boundMs: number;
  private readonly clusterOf: (shard: number) => SimCluster | undefined;
  /** Shard to when puts had to be refused last. */
  private readonly spentAtMs = new Map<number, number>();

  constructor(
    { topology, limits }: Scenario,
    violations: Violations,
    clusterOf: (shard: number) => SimCluster | undefined,
  ) {
    this.violations = violations;
    this.clusterOf = clusterOf;
    this.isApt = topology.quotaBytes !== null && limits.roomPollMs > 0;
    this.boundMs = questions * limits.roomPollMs + slackMs;
  }

  /** The used share of the quota, as the view servers' movers ask for it; null: there is no quota. */
  fillOf(shard: number): number | null {
    const rooms = this.roomsOf(shard);
    const quotaBytes = rooms[0]?.quotaBytes ?? null;
    return quotaBytes === null ? null : Math.max(...rooms.map(({ inUseBytes }) => inUseBytes)) / quotaBytes;
  }

  /** Every so often, to the end of the run. */
  look(world: World, sharders: readonly SimSharder[]): void {
    if (!this.isApt) return;
    world.kernel.scheduleAsync((world.nowMs + lookMs) * 1000, () => {
      for (let shard = 1; this.clusterOf(shard) !== undefined; shard++)
        if (this.isSpent(shard)) this.spentAtMs.set(shard, world.nowMs);
      for (const sharder of sharders) this.judge(sharder, world.nowMs);
      this.look(world, sharders);
    });
  }

  checkFinal(clusters: readonly SimCluster[]): void {
    if (!this.isApt) return;
    for (const { members } of clusters)
      for (const { process, machine } of members)
        if (machine.room.isExceeded)
          this.violations.add('room', `${process.name} has raised etcd's alarm, and its shard takes no puts`);
  }

  private judge({ process, fullShards }: SimSharder, nowMs: number): void {
    for (const shard of process.state === 'running' ? fullShards : [])
      if (nowMs - (this.spentAtMs.get(shard) ?? -Infinity) > this.boundMs)
        this.violations.add('room', `${process.name} refuses puts into shard ${shard}, which has room again`);
  }

  /** Or nearly so: requests that sharders have sent count, too. */
  private isSpent(shard: number): boolean {
    return this.roomsOf(shard).some(({ sizeBytes, inUseBytes, quotaBytes }) => {
      if (quotaBytes === null) return false;
      const space = { sizeBytes, inUseBytes, quotaBytes };
      return refusalFor(space) !== null || inUseBytes > inUseMax(quotaBytes) - quotaBytes / 16;
    });
  }

  private roomsOf(shard: number) {
    return (this.clusterOf(shard)?.members ?? []).map(({ machine }) => machine.room);
  }
}
