/** Records what the clients of a run asked and learned, in the form that the checker judges. */
import type { Operation, Outcome } from '../../../sharder/core/operation.ts';
import type {
  Action,
  Operation as Recorded,
  Outcome as RecordedOutcome,
} from '../../checker/history/operation.ts';
import { decodeValue, type Intent, type Learned } from '../scenario/intent.ts';

export class HistoryRecorder {
  private readonly records: {
    process: number;
    intent: Intent;
    learned: Learned;
    invoked: number;
    returned: number;
  }[] = [];
  /** Values whose writers learned that they were written. */
  readonly acknowledged = new Set<number>();
  readonly failed = new Set<number>();
  counts = { ok: 0, failed: 0, unknown: 0 };
  private moment = 0;

  /**
   * The history as the checker judges it.
   * @param isMoved keys whose slots have moved: a value that is carried over gets a higher version, so for them a
   *   version names no write, and a condition that does not hold is no observation of the value.
   */
  history(isMoved: (key: string) => boolean): Recorded[] {
    return this.records.map(({ process, intent, learned, invoked, returned }) => {
      const { key } = intent.operation;
      return {
        process,
        key,
        action: toAction(intent, learned),
        outcome: toOutcome(intent, learned, isMoved(key)),
        invoked,
        returned,
      };
    });
  }

  /** The next moment: the checker needs to know only the order of events. */
  next(): number {
    return ++this.moment;
  }

  record(process: number, intent: Intent, invoked: number, learned: Learned): void {
    this.records.push({ process, intent, learned, invoked, returned: this.next() });
    this.count(intent, toOutcome(intent, learned, false));
  }

  /** A sharder dropped the operation because its client had gone: the run knows this, and the client does not. */
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

/** A write whose answer tells the value it found is a compare-and-swap, whatever its condition was. */
function toAction({ operation, written, expected }: Intent, learned: Learned): Action {
  if (operation.kind !== 'put') return { kind: operation.kind };
  const value = written!;
  if (learned.kind === 'ok' && operation.wantPrevious && learned.result.kind === 'put') {
    const { previous } = learned.result;
    return { kind: 'cas', expected: previous === null ? null : decodeValue(previous.value), value };
  }
  return expected === undefined ? { kind: 'put', value } : { kind: 'cas', expected, value };
}

function toOutcome({ expected }: Intent, learned: Learned, isMoved: boolean): RecordedOutcome {
  switch (learned.kind) {
    case 'lost':
    case 'unknown':
      return { kind: 'open' };
    case 'not_sent':
      return { kind: 'fail' };
    case 'failed':
      return learned.code === 'condition_failed' && expected !== undefined && !isMoved
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
