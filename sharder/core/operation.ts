/** What a user can ask of one key, and how it can end. Ok, definite failure and unknown are kept apart everywhere. */
import type { Epoch, ShardId, Slot, Version } from './numbers.ts';

/** When a write takes effect. Versions are API versions; a key that is missing has none. */
export type Condition =
  | { kind: 'always' }
  | { kind: 'version'; version: Version }
  | { kind: 'exists' }
  | { kind: 'absent' }
  /** The key has one of these versions; never, when the list is empty. */
  | { kind: 'one_of'; versions: readonly Version[] }
  /** The key has none of these versions; with `exists`, the key must also exist. */
  | { kind: 'none_of'; versions: readonly Version[]; exists: boolean };

/** Versions in one condition: each is a comparison, and etcd bounds a transaction's comparisons like its operations. */
export const conditionVersionsMax = 8;
/** Comparisons of one condition at most: the versions, and whether the key is there. */
export const conditionComparesMax = conditionVersionsMax + 1;

export type Operation =
  | { kind: 'get'; key: string }
  | { kind: 'put'; key: string; value: Uint8Array; condition: Condition; wantPrevious: boolean }
  | { kind: 'delete'; key: string; condition: Condition; wantPrevious: boolean };

/** A key's state: `version` rises with each write of the key, `createdVersion` is that of the write that made it. */
export interface KeyState {
  value: Uint8Array;
  version: Version;
  createdVersion: Version;
}

export type OperationResult =
  /** `version`: of the slot when it was read; a missing key was missing at that version. */
  | { kind: 'get'; state: KeyState | null; version: Version }
  /** `previous` is null unless it was wanted and there was one. */
  | { kind: 'put'; version: Version; previous: KeyState | null }
  | { kind: 'delete'; deleted: boolean; version: Version; previous: KeyState | null };

/**
 * Why an operation was provably not applied.
 * - `condition_failed`: the condition did not hold; `currentVersion` is the key's version then, null when missing.
 * - `overloaded`: a bounded queue is full. - `unavailable`: no shard could take it in time.
 * - `too_large`: etcd or its transport takes nothing so large. - `refused`: etcd refused it for another reason.
 * - `no_space`: the shard has reached its quota. - `abandoned`: its client went away before it was sent.
 */
export type FailureCode =
  'condition_failed' | 'overloaded' | 'unavailable' | 'too_large' | 'refused' | 'no_space' | 'abandoned';

export type Outcome =
  | { kind: 'ok'; result: OperationResult; place: Place }
  | {
      kind: 'failed';
      code: FailureCode;
      message: string;
      currentVersion?: Version | null;
      /** With `overloaded`: the milliseconds from now after which a retry is worthwhile. */
      retryAfterMs?: number;
    }
  /** May have been applied, or may yet be. `no_space`: the shard has reached its quota. */
  | { kind: 'unknown'; message: string; cause?: 'no_space' };

/** Where an operation was carried out. Shared between outcomes. */
export interface Place {
  readonly shard: ShardId;
  readonly slot: Slot;
  readonly epoch: Epoch;
}

export const always: Condition = { kind: 'always' };
