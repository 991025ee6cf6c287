/** Why a step of a move failed, as a value: the mover decides by it what to do next. No setback is final. */
import {
  CompactedError,
  OversizedError,
  RecordsChangedError,
  SupersededError,
  UnprovenError,
} from './step-errors.ts';
import { UnavailableError } from './unavailable-error.ts';
import type { ShardId } from '../../../sharder/core/numbers.ts';

export type Setback =
  /** A shard does not answer. */
  | { kind: 'unavailable'; shard: ShardId; message: string }
  /** Another mover has claimed the slots: this one leaves them alone for a while. */
  | { kind: 'superseded'; message: string }
  /** The records have changed under the step, or the work has to stop. */
  | { kind: 'changed'; message: string }
  /** Everything has to be copied again; `shard` is the source. */
  | { kind: 'try_failed'; why: 'unproven' | 'compacted' | 'oversized'; shard: ShardId; message: string };

/** @throws the error itself when it is not a step error: it is a programmer's. */
export function setbackOf(error: unknown): Setback {
  if (error instanceof UnavailableError)
    return { kind: 'unavailable', shard: error.shard, message: error.message };
  if (error instanceof SupersededError) return { kind: 'superseded', message: error.message };
  if (error instanceof RecordsChangedError) return { kind: 'changed', message: error.message };
  const failed = (why: Extract<Setback, { kind: 'try_failed' }>['why'], { shard, message }: UnprovenError) =>
    ({ kind: 'try_failed', why, shard, message }) as const;
  if (error instanceof UnprovenError) return failed('unproven', error);
  if (error instanceof CompactedError) return failed('compacted', error);
  if (error instanceof OversizedError) return failed('oversized', error);
  throw error;
}
