/** Since when a move is blocked, and why. A restart of the move keeps this, until the move gets past the phase that failed. */
import type { MovePhase, MoveProgress } from './plan/move-plan.ts';
import type { ShardId } from '../../sharder/core/numbers.ts';

/** The order of the phases; after `rollback` a move begins again at the start. */
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
