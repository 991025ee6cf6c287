/**
 * Keeps a copy of the view in every shard but the home shard, for sharders that start while the home shard does not answer.
 * Nothing waits for it: the copies are hints. Each shard has one call under way at most. After each call the keeper pauses,
 * longer and longer while the shard does not answer.
 */
import { pause } from '../../../sharder/core/pause.ts';
import type { Clock, Trace } from '../../../sharder/core/ports.ts';
import { mirrorRequest } from '../../../sharder/core/view-mirror-request.ts';
import { decodeView, type View, VIEW_MIRROR_KEY } from '../../../sharder/core/view.ts';
import type { MoverLimits } from './mover-limits.ts';
import type { RecordsClient } from './records-client.ts';
import { UnavailableError } from './unavailable-error.ts';
import type { ShardId } from '../../../sharder/core/numbers.ts';

/** A shard's copy of the view is behind, and could not be written. */
export interface MirrorEvent {
  name: 'view.unmirrored';
  shard: ShardId;
  reason: string;
}

export interface MirrorKeeperOptions {
  records: RecordsClient;
  clock: Clock;
  trace: Trace<MirrorEvent>;
  limits: MoverLimits;
  isStopped(): boolean;
}

export class MirrorKeeper {
  private readonly options: MirrorKeeperOptions;
  private newest: View | null = null;
  /** Shards for which a task is copying. */
  private readonly busy = new Set<number>();
  /** Shard to the epoch that its copy has at least. */
  private readonly copied = new Map<number, number>();

  constructor(options: MirrorKeeperOptions) {
    this.options = options;
  }

  /** From now on this view is copied, unless it is older than the one before. */
  note(view: View): void {
    if (this.newest !== null && view.epoch < this.newest.epoch) return;
    this.newest = view;
    for (const id of this.copied.keys()) if (!isMirrored(view, id)) this.copied.delete(id);
    for (const { id } of view.shards.slice(1))
      if (this.isBehind(id, view) && !this.busy.has(id)) void this.keep(id);
  }

  private isBehind(shard: ShardId, view: View): boolean {
    return (this.copied.get(shard) ?? 0) < view.epoch;
  }

  /** The view that the shard still has to get; null when it has it, or must get none. */
  private due(shard: ShardId): View | null {
    const { newest, options } = this;
    if (newest === null || options.isStopped() || !isMirrored(newest, shard)) return null;
    return this.isBehind(shard, newest) ? newest : null;
  }

  private async keep(shard: ShardId): Promise<void> {
    const { options } = this;
    const { clock, limits, trace } = options;
    let pauseMs = limits.mirrorPauseMs;
    this.busy.add(shard);
    for (let view = this.due(shard); view !== null; view = this.due(shard)) {
      try {
        if (await this.copy(shard, view)) this.copied.set(shard, view.epoch);
        pauseMs = limits.mirrorPauseMs;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        trace.emit({ name: 'view.unmirrored', shard, reason: error.message });
        pauseMs = Math.min(2 * pauseMs, limits.mirrorPauseMsMax);
      }
      await pause(clock, pauseMs);
    }
    this.busy.delete(shard);
  }

  /** False when another process has written meanwhile. @throws UnavailableError */
  private async copy(shard: ShardId, view: View): Promise<boolean> {
    const { records } = this.options;
    const found = await records.read(shard, { kind: 'range', key: VIEW_MIRROR_KEY });
    const kv = records.demand(shard, found, 'range').kvs[0];
    if (kv !== undefined && epochOf(kv.value) >= view.epoch) return true;
    const request = mirrorRequest(await records.nameOf(shard), view, kv?.modRevision ?? 0);
    return records.demand(shard, await records.execute(shard, request, false), 'txn').succeeded;
  }
}

/** The home shard has the view itself. */
function isMirrored(view: View, shard: ShardId): boolean {
  return view.shards.slice(1).some(({ id }) => id === shard);
}

/** A copy that cannot be read counts as none. */
function epochOf(bytes: Uint8Array): number {
  try {
    return decodeView(bytes).epoch;
  } catch {
    return 0;
  }
}
