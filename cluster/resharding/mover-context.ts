/** What the movers of one resharder share, and what the phases of a move tell its driver. */
import type { Clock, Random, Trace } from '../../sharder/core/ports.ts';
import type { MoverEvent } from './mover-event.ts';
import type { Gate } from './gate.ts';
import type { FailedMove, MoveBlock, MovePhase, MoveProgress } from './plan/move-plan.ts';
import type { MoverLimits } from './records/mover-limits.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { RecordsClient } from './records/records-client.ts';
import type { ShardId } from '../../sharder/core/numbers.ts';

export interface MoverContext {
  records: RecordsClient;
  clock: Clock;
  random: Random;
  trace: Trace<MoverEvent>;
  limits: MoverLimits;
  pace: RateLimiter;
  freezes: Gate;
  /** Milliseconds of the quickest probe of each shard as a source. */
  quickestProbes: Map<number, number>;
  /** The part of its quota that a shard's keys take; null: not known. */
  fillOf: (shard: ShardId) => number | null;
  isStopped(): boolean;
  /** The destination owns the move's slots, and the view says so: only the cleaning is left. */
  onHandedOver(): void;
  /** The view says why a move has failed. */
  onFailed(move: FailedMove): void;
}

export interface MoveSteps {
  readonly progress: MoveProgress;
  /** @throws RecordsChangedError when the current work has been asked to stop. */
  checkOn(): void;
  enter(phase: MovePhase): void;
  /** The current work waits for a shard; null: it goes on. */
  wait(block: Pick<MoveBlock, 'shard' | 'reason'> | null): void;
}
