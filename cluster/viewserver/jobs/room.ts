/** How full the shards are, and would be after moves: from etcd's database size, its quota and the number of keys. */
import { present } from '../../../sharder/core/invariant.ts';
import { dataRangeOf } from '../../../sharder/core/slot.ts';
import { ownerOf, type View } from '../../../sharder/core/view.ts';
import { ClusterError } from '../../errors.ts';
import type { ShardFleet } from '../../providers/shard-fleet.ts';
import { type MetricsReading, total } from '../../metrics/metrics-text.ts';
import type { MovePlan } from '../../resharding/plan/move-plan.ts';
import { splitPlans } from '../../resharding/plan/plan-moves.ts';
import {
  fillOf,
  fillsAfter,
  type MovedBytes,
  refuseOverfull,
  type ShardFill,
  type ShardRoom,
} from '../../resharding/plan/shard-room.ts';
import { readMetrics } from '../../metrics/read-metrics.ts';
import type { ShardCaller } from '../home/shard-caller.ts';

const used = 'etcd_mvcc_db_total_size_in_use_in_bytes';
const size = 'etcd_mvcc_db_total_size_in_bytes';
const quota = 'etcd_server_quota_backend_bytes';
const names = new Set([used, size, quota]);
/** A shard does not fill up in less time. */
const freshMs = 1000;
/** A shard that does not answer is not counted, so that a client that asks for one of its moves does not wait. */
const countMsMax = 2000;
const allKeys = { key: 'd/', rangeEnd: 'd0' } as const;

export class Room {
  private known: readonly ShardRoom[] = [];
  private askedAtMs = -Infinity;
  private readonly parts: { fleet: Pick<ShardFleet, 'memberMetrics'>; caller: ShardCaller };

  constructor(parts: Room['parts']) {
    this.parts = parts;
  }

  /**
   * The bytes of a slot are its share of its shard's keys: keys of one shard count alike. A shard that does not answer is left
   * out, and slots that would leave it count 0 bytes: its moves wait for it anyway.
   */
  async fillsOf(view: View, plans: readonly MovePlan[]): Promise<ShardFill[]> {
    return this.fillsAmong(new Set(view.shards.map(({ id }) => id)), view, plans);
  }

  /**
   * Checks only the shards that the plans take from or give to: others may be silent, and no caller has to wait for them.
   * @throws RefusedError `shard-full`
   */
  async demand(view: View, plans: readonly MovePlan[]): Promise<void> {
    const touched = new Set(plans.flatMap(({ from, to }) => [from, to]));
    refuseOverfull(await this.fillsAmong(touched, view, plans));
  }

  /** The part of its quota that the shard's keys took seconds ago: a call asks etcd, and a later call returns it. Null: not known yet. */
  fillOf(shard: number): number | null {
    const nowMs = performance.now();
    if (nowMs - this.askedAtMs >= freshMs) {
      this.askedAtMs = nowMs;
      // A failed question is asked again.
      this.rooms().then(
        (rooms) => (this.known = rooms),
        () => (this.known = []),
      );
    }
    const room = this.known.find((candidate) => candidate.shard === shard);
    return room === undefined ? null : fillOf(room);
  }

  private async fillsAmong(
    asked: ReadonlySet<number>,
    view: View,
    plans: readonly MovePlan[],
  ): Promise<ShardFill[]> {
    const isKnown = ({ shard }: ShardRoom) => view.shards.some(({ id }) => id === shard);
    const rooms = (await this.rooms(asked)).filter(isKnown);
    return fillsAfter(rooms, await this.bytesOf(view, plans, rooms));
  }

  /** @param asked absent: all shards. */
  private async rooms(asked?: ReadonlySet<number>): Promise<ShardRoom[]> {
    const all = await this.parts.fleet.memberMetrics();
    const members = asked === undefined ? all : all.filter(({ shard }) => asked.has(shard));
    const readings = await readMetrics(
      members.map(({ url }) => url),
      names,
    );
    const byShard = new Map<number, MetricsReading[]>();
    for (const { shard, url } of members) {
      const reading = readings.get(url);
      if (reading?.has(used) === true && reading.has(quota))
        byShard.set(shard, [...(byShard.get(shard) ?? []), reading]);
    }
    return [...byShard].map(([shard, some]) => ({
      shard,
      usedBytes: Math.max(...some.map((reading) => total(reading, used))),
      sizeBytes: Math.max(...some.map((reading) => total(reading, size))),
      quotaBytes: Math.min(...some.map((reading) => total(reading, quota))),
    }));
  }

  private async bytesOf(
    view: View,
    plans: readonly MovePlan[],
    rooms: readonly ShardRoom[],
  ): Promise<MovedBytes[]> {
    const usedBytes = new Map(rooms.map((room) => [room.shard, room.usedBytes]));
    const keys = new Map<number, number>();
    const moved: MovedBytes[] = [];
    for (const { slots, from, to } of splitPlans(plans, view.slots.length)) {
      // A plan may start from where an earlier plan of the same list ends.
      const owner = ownerOf(view, present(slots[0], 'a slot of the plan'));
      const bytes = usedBytes.get(owner);
      if (bytes === undefined) continue;
      const all = keys.get(owner) ?? (await this.count(view, owner, allKeys));
      keys.set(owner, all);
      const range = dataRangeOf(slots);
      // The two counts are of two moments: the moved part is at most all of the shard, and 0 when it did not answer.
      const share = all === 0 ? 0 : Math.min(1, (await this.count(view, owner, range)) / all);
      moved.push({ from, to, bytes: share * bytes });
    }
    return moved;
  }

  private async count(view: View, id: number, range: { key: string; rangeEnd: string }): Promise<number> {
    const shard = view.shards.find((candidate) => candidate.id === id);
    if (shard === undefined) return 0;
    try {
      const request = { kind: 'range', ...range, countOnly: true } as const;
      const reply = await this.parts.caller.read(shard, request, countMsMax);
      return reply.kind === 'range' ? reply.count : 0;
    } catch (error) {
      if (error instanceof ClusterError) return 0;
      throw error;
    }
  }
}
