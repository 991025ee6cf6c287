/** The documents of /view, /shards and /moves: the records, with the names and the counts that people ask for. */
import { shardName, type View } from '../../../sharder/core/view.ts';
import type { Leader } from '../home/leader-lease.ts';
import type { Job } from '../jobs/job.ts';
import type { Progress } from '../jobs/progress-meter.ts';
import type { MoveBlock, MoveProgress } from '../../resharding/plan/move-plan.ts';

export interface ShardDocument {
  id: number;
  name: string;
  state: 'active' | 'draining' | 'making' | 'unknown';
  slots: number;
  /** It holds the view and cannot be removed. */
  isHome: boolean;
  endpoints: readonly string[];
}

export interface MoveDocument {
  id: string;
  slots: number;
  from: number;
  to: number;
  abort: boolean;
  phase: string;
  keysCopied: number;
  keysTotal: number | null;
  bytesCopied: number;
  /** What blocks the move; null while it goes on, or when this view server does not work on it. */
  waits: { shard: number; reason: string; seconds: number } | null;
  /** Copies that failed; after a few the move is given up. */
  tries: number;
  /** Why the move was given up and is being undone; null when it was not. */
  failed: string | null;
}

export interface ViewDocument {
  epoch: number;
  nextShard: number;
  leader: Leader | null;
  /** No job or move is under way, and no shard is left over: the existing shards are those of the view, and all are active. */
  isClean: boolean;
  shards: ShardDocument[];
  /** "first-last" and the shard that has them. */
  slots: { slots: string; shard: number }[];
  moves: MoveDocument[];
  /** Jobs that have not ended. */
  jobs: Job[];
  progress: Progress;
}

export interface ViewParts {
  view: View;
  home: number;
  /** Ids of the shards that the fleet has. */
  existing: readonly number[];
  leader: Leader | null;
  openJobs: Job[];
  moveProgress: readonly MoveProgress[];
  /** On the clock of the moves' progress. */
  nowMs: number;
  progress: Progress;
}

export function viewDocument(parts: ViewParts): ViewDocument {
  const { view, leader, openJobs, progress } = parts;
  const shards = shardDocuments(parts);
  return {
    epoch: view.epoch,
    nextShard: view.nextShard,
    leader,
    isClean:
      view.moves.length === 0 && openJobs.length === 0 && shards.every(({ state }) => state === 'active'),
    shards,
    slots: slotSpans(view.slots),
    moves: moveDocuments(parts),
    jobs: openJobs,
    progress,
  };
}

export function shardDocuments({ view, home, existing }: ViewParts): ShardDocument[] {
  const known = view.shards.map(({ id, endpoints, state }): ShardDocument => ({
    id,
    name: shardName(id),
    state: state ?? 'active',
    slots: view.slots.filter((owner) => owner === id).length,
    isHome: id === home,
    endpoints,
  }));
  const others = existing.filter((id) => !view.shards.some((shard) => shard.id === id));
  const rest = others.map((id): ShardDocument => ({
    id,
    name: shardName(id),
    state: id >= view.nextShard ? 'making' : 'unknown',
    slots: 0,
    isHome: false,
    endpoints: [],
  }));
  return [...known, ...rest];
}

export function moveDocuments({
  view,
  moveProgress,
  nowMs,
}: Pick<ViewParts, 'view' | 'moveProgress' | 'nowMs'>): MoveDocument[] {
  return view.moves.map(({ id, slots, from, to, abort, why }) => {
    const progress = moveProgress.find((candidate) => candidate.id === id);
    return {
      id,
      slots: slots.length,
      from,
      to,
      abort,
      phase: progress?.phase ?? 'waiting',
      keysCopied: progress?.keysCopied ?? 0,
      keysTotal: progress?.keysTotal ?? null,
      bytesCopied: progress?.bytesCopied ?? 0,
      waits: waitOf(progress?.block ?? null, nowMs),
      tries: progress?.tries ?? 0,
      failed: why ?? null,
    };
  });
}

function waitOf(block: MoveBlock | null, nowMs: number): MoveDocument['waits'] {
  if (block === null) return null;
  const { shard, reason, sinceMs } = block;
  return { shard, reason, seconds: Math.round((nowMs - sinceMs) / 1000) };
}

/** Joins neighbouring slots of one shard into spans. */
function slotSpans(slots: readonly number[]): { slots: string; shard: number }[] {
  const spans: { first: number; last: number; shard: number }[] = [];
  for (const [slot, shard] of slots.entries()) {
    const open = spans.at(-1);
    if (open?.shard === shard) open.last = slot;
    else spans.push({ first: slot, last: slot, shard });
  }
  return spans.map(({ first, last, shard }) => ({ slots: `${first}-${last}`, shard }));
}
