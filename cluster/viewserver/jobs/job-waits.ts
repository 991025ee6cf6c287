/** Why a job is blocked, in words: pure. */
import type { MoveRecord } from '../../../sharder/core/view.ts';
import type { MoveBlock, MoveProgress } from '../../resharding/plan/move-plan.ts';
import { defaultMoverLimits } from '../../resharding/records/mover-limits.ts';

export interface MoveWaits {
  /** The moves that the job waits for. */
  moves: readonly MoveRecord[];
  progress: readonly MoveProgress[];
  /** On the clock of the progress. */
  nowMs: number;
  /** The same moment, as a date. */
  now: Date;
}

/**
 * Null while any of the moves goes on. A move that is not under way yet waits for a place, or for the same shard as the others.
 */
export function describeBlock({ moves, progress, nowMs, now }: MoveWaits): string | null {
  const known = progress.filter(({ id }) => moves.some((move) => move.id === id));
  const blocks = known.flatMap(({ block }) => block ?? []).filter(isLong(nowMs));
  const [first] = blocks.toSorted((a, b) => a.sinceMs - b.sinceMs);
  if (first === undefined || blocks.length < known.length) return null;
  return `${moves.length} ${moves.length === 1 ? 'move waits' : 'moves wait'} for shard ${first.shard} since ${sinceText(first, nowMs, now)}: ${first.reason}`;
}

function isLong(nowMs: number) {
  return ({ sinceMs }: MoveBlock) => nowMs - sinceMs >= defaultMoverLimits.blockedMs;
}

/** ISO 8601, to the second. */
function sinceText({ sinceMs }: MoveBlock, nowMs: number, now: Date): string {
  return `${new Date(now.getTime() - (nowMs - sinceMs)).toISOString().slice(0, 19)}Z`;
}
