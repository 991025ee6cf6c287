/** Since when, and for what, a move comes no further: kept while it is begun anew, until it gets past where it failed. */
import type { MovePhase, MoveProgress } from './plan/move-plan.ts';
import type { ShardId } from '../../sharder/core/numbers.ts';

/** Where a move has come to; what `rollback` is for begins again at the start. */
const steps: Readonly<Record<MovePhase, number>> = {
  waiting: 0,
  rollback: 0,
  import: 1,
  copy: 2,
  tail: 3,
  freeze: 4,
  drain: 5,
  activate: 6,
  publish: 7,
  clean: 8,
};

export class BlockWatch {
  private readonly progress: Pick<MoveProgress, 'phase' | 'block'>;
  private failedAt = 0;

  constructor(progress: Pick<MoveProgress, 'phase' | 'block'>) {
    this.progress = progress;
  }

  note({ shard, message }: { shard: ShardId; message: string }, nowMs: number): void {
    const { block, phase } = this.progress;
    this.failedAt = block === null ? steps[phase] : Math.max(this.failedAt, steps[phase]);
    this.progress.block = { shard, reason: message, sinceMs: block?.sinceMs ?? nowMs };
  }

  /** Call with each phase that is entered. */
  pass(phase: MovePhase): void {
    if (steps[phase] > this.failedAt && steps[phase] > steps.import) this.clear();
  }

  clear(): void {
    this.progress.block = null;
    this.failedAt = 0;
  }
}
