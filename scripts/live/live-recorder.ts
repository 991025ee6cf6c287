/**
 * Writes a live run's history to a file of JSON lines as it happens, on this process's monotonic clock, and counts. An
 * invocation is stamped before its request leaves, a completion after the whole answer is there: real intervals lie
 * within the recorded ones.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { toHistoryLine } from '../../sim/checker/history/history-lines.ts';
import type { Action, Outcome } from '../../sim/checker/history/operation.ts';
import type { Struck } from './silences.ts';

export interface Invocation {
  process: number;
  key: string;
  action: Action;
  invokedNs: number;
}

export class LiveRecorder {
  /** A 412 and a 404 are answers: they count as ok. */
  readonly counts = { ok: 0, failed: 0, unknown: 0 };
  /** Acknowledged writes by key. */
  readonly acknowledgedWrites = new Map<string, number>();
  /** Every fault, with its victims. */
  readonly struck: Struck[] = [];
  private readonly startNs = process.hrtime.bigint();
  private readonly file: WriteStream;
  private readonly ended: Promise<void>;
  private processes = 0;

  constructor(path: string) {
    this.file = createWriteStream(path, { flags: 'wx' });
    this.ended = finished(this.file);
    // The caller of `close` gets the error; without this, a full disk would end the process while members are paused.
    this.ended.catch(() => undefined);
  }

  /** Nanoseconds since the recorder began. */
  nowNs(): number {
    return Number(process.hrtime.bigint() - this.startNs);
  }

  /** A logical process: at most one operation at a time, and none after one whose outcome is open. */
  nextProcess(): number {
    return this.processes++;
  }

  invoke(process: number, key: string, action: Action): Invocation {
    const invocation = { process, key, action, invokedNs: this.nowNs() };
    this.writeEvent(invocation, { kind: 'open' }, invocation.invokedNs, false);
    return invocation;
  }

  complete(invocation: Invocation, outcome: Outcome): void {
    this.writeEvent(invocation, outcome, this.nowNs(), true);
    this.count(invocation, outcome);
  }

  fault(
    name: string,
    { fromNs, untilNs }: { fromNs: number; untilNs: number },
    victims: readonly string[] = [],
  ): void {
    this.struck.push({ victims, fromNs, untilNs });
    this.writeLine({ type: 'fault', name, time: fromNs, until: untilNs });
  }

  /** @throws the file system's error when the history could not be written whole. */
  async close(): Promise<void> {
    this.file.end();
    await this.ended;
  }

  private count({ key, action }: Invocation, { kind }: Outcome): void {
    if (kind === 'open') this.counts.unknown++;
    else if (kind === 'fail') this.counts.failed++;
    else this.counts.ok++;
    if (kind === 'ok' && (action.kind === 'put' || action.kind === 'cas'))
      this.acknowledgedWrites.set(key, (this.acknowledgedWrites.get(key) ?? 0) + 1);
  }

  private writeEvent(invocation: Invocation, outcome: Outcome, timeNs: number, returns: boolean): void {
    const { process, key, action, invokedNs } = invocation;
    const operation = { process, key, action, outcome, invoked: invokedNs, returned: timeNs };
    this.writeLine(toHistoryLine(operation, timeNs, returns));
  }

  private writeLine(line: object): void {
    this.file.write(`${JSON.stringify(line)}\n`);
  }
}
