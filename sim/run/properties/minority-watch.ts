/**
 * A shard that has a majority serves everybody again before long. This is checked where the faults allow it: one member at a
 * time fails, no slot moves and nothing else is in the way. Exceptions, and why: a shard of one member has no majority
 * without it; an operation that is under way when its leader stops may take its whole time, and so may the one behind it; two
 * members that stand for election at once must both wait again. In 336 such scenarios the longest time was 3.5 s: a write's
 * attempt, and the search for the new leader. A lost disk is not checked: its shard is whole again only when it is replaced.
 */
import { SLOT_COUNT, slotOf } from '../../../sharder/core/slot.ts';
import { hashText } from '../../../sharder/hash.ts';
import type { Learned } from '../scenario/intent.ts';
import type { Fault, Scenario } from '../scenario/scenario.ts';
import type { Violations } from './violations.ts';

/** A write's attempt of 3 s, an election of at most 2 s, and a second attempt that still meets the old leader. */
const boundMs = 6000;
const kinds = new Set<Fault['kind']>(['kill_member', 'kill_leader', 'pause_member', 'pause_leader']);
/** A member that has come back catches up meanwhile. */
const betweenMs = 2000;

export class MinorityWatch {
  private readonly violations: Violations;
  private readonly isApt: boolean;
  private readonly shards: number;
  /** Shard to when a client was last served there. */
  private readonly servedAtMs = new Map<number, number>();

  constructor(scenario: Scenario, violations: Violations) {
    this.violations = violations;
    this.isApt = failsOneByOne(scenario);
    this.shards = scenario.topology.shards;
  }

  note(key: string, learned: Learned, { askedAtMs, nowMs }: { askedAtMs: number; nowMs: number }): void {
    if (!this.isApt) return;
    const shard = 1 + Math.floor((slotOf(key, hashText) * this.shards) / SLOT_COUNT);
    if (learned.kind === 'ok' || (learned.kind === 'failed' && learned.code === 'condition_failed')) {
      this.servedAtMs.set(shard, nowMs);
      return;
    }
    const isUnserved =
      learned.kind === 'unknown' || (learned.kind === 'failed' && learned.code === 'unavailable');
    const servedAtMs = this.servedAtMs.get(shard);
    if (!isUnserved || servedAtMs === undefined || askedAtMs < servedAtMs) return;
    if (nowMs - servedAtMs > boundMs)
      this.violations.add(
        'minority',
        `shard ${shard} has a majority and has served nobody for ${nowMs - servedAtMs} ms`,
      );
  }
}

function failsOneByOne({ faults, moves, topology, limits }: Scenario): boolean {
  if (faults.length === 0 || moves.length > 0 || topology.members < 3) return false;
  if (limits.operationTimeoutMs < 5000 || limits.laneOperationsMax < 1000) return false;
  if (!faults.every(({ kind }) => kinds.has(kind))) return false;
  const sorted = faults.toSorted((a, b) => a.atMs - b.atMs);
  return sorted.every((fault, index) => {
    const before = sorted[index - 1];
    if (before === undefined) return true;
    return 'forMs' in before && before.atMs + before.forMs + betweenMs <= fault.atMs;
  });
}
