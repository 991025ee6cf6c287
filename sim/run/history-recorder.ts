/** Records what the clients of a run asked and learned, in the form that the checker judges. */
import type { Condition, Operation, Outcome } from '../../sharder/core/operation.ts';
import type { Action, Operation as Recorded, Outcome as RecordedOutcome } from '../checker/operation.ts';

/** An operation as a client sends it; `expected` is the value that a condition stands for. */
export interface Intent {
  operation: Operation;
  /** The value that is written, unique in the run; null for other operations. */
  written: number | null;
  /** Of a write with the condition `version`: the value that had this version. */
  expected: number | null;
}

/** How one operation of a request ended, as its client knows it; `lost` when the sharder's answer was. */
export type Learned = Outcome | { kind: 'lost' } | { kind: 'not_sent' };

/** An operation's value as the number that it stands for: four bytes, big end first. */
export function encodeValue(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

export function decodeValue(bytes: Uint8Array): number {
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

export class HistoryRecorder {
  private readonly records: {
    process: number;
    intent: Intent;
    learned: Learned;
    invoked: number;
    returned: number;
  }[] = [];
  /** Values by what their writers learned. */
  readonly acknowledged = new Set<number>();
  readonly failed = new Set<number>();
  counts = { ok: 0, failed: 0, unknown: 0 };
  private moment = 0;

  /**
   * The history as the checker judges it.
   * @param isMoved keys whose slots have changed hands: a value that is carried over gets a higher version, so for them a
   *   version names no write, and a condition that does not hold is no observation of the value.
   */
  history(isMoved: (key: string) => boolean): Recorded[] {
    return this.records.map(({ process, intent, learned, invoked, returned }) => {
      const { key } = intent.operation;
      return {
        process,
        key,
        action: toAction(intent),
        outcome: toOutcome(intent, learned, isMoved(key)),
        invoked,
        returned,
      };
    });
  }

  /** The next moment: the order of events is all that the checker needs to know of time. */
  next(): number {
    return ++this.moment;
  }

  record(process: number, intent: Intent, invoked: number, learned: Learned): void {
    this.records.push({ process, intent, learned, invoked, returned: this.next() });
    this.count(intent, toOutcome(intent, learned, false));
  }

  /** A sharder dropped it because its client had gone: the client does not know, and the run does. */
  onAbandoned(operation: Operation): void {
    if (operation.kind === 'put') this.failed.add(decodeValue(operation.value));
  }

  private count({ written }: Intent, outcome: RecordedOutcome): void {
    if (outcome.kind === 'ok') this.counts.ok++;
    else if (outcome.kind === 'open') this.counts.unknown++;
    else this.counts.failed++;
    if (written === null) return;
    if (outcome.kind === 'ok') this.acknowledged.add(written);
    else if (outcome.kind !== 'open') this.failed.add(written);
  }
}

function toAction({ operation, written, expected }: Intent): Action {
  if (operation.kind === 'get') return { kind: 'get' };
  if (operation.kind === 'delete') return { kind: 'delete' };
  return isPlain(operation.condition)
    ? { kind: 'put', value: written! }
    : { kind: 'cas', expected, value: written! };
}

function isPlain(condition: Condition): boolean {
  return condition.kind === 'always';
}

function toOutcome({ operation }: Intent, learned: Learned, isMoved: boolean): RecordedOutcome {
  switch (learned.kind) {
    case 'lost':
    case 'unknown':
      return { kind: 'open' };
    case 'not_sent':
      return { kind: 'fail' };
    case 'failed':
      return learned.code === 'condition_failed' && operation.kind === 'put' && !isMoved
        ? { kind: 'mismatch' }
        : { kind: 'fail' };
    case 'ok':
      return toOk(learned, isMoved);
  }
}

function toOk({ result }: Extract<Outcome, { kind: 'ok' }>, isMoved: boolean): RecordedOutcome {
  const version = isMoved
    ? {}
    : { version: result.kind === 'get' ? (result.state?.version ?? result.version) : result.version };
  switch (result.kind) {
    case 'get':
      return { kind: 'ok', value: result.state ? decodeValue(result.state.value) : null, ...version };
    case 'put':
      return { kind: 'ok', ...version };
    case 'delete':
      return { kind: 'ok', removed: result.deleted, ...version };
  }
}
