/**
 * Turns the lines of a history file into operations, one line at a time, and refuses a file that contradicts itself.
 *
 * `time` decides what came before what. Of events with the same time, the one whose line stands first came first: a recorder
 * writes a line when the event happens, so its order is worth more than a clock too coarse to tell. Lines need not be sorted,
 * so files of several recorders on one clock can be joined end to end; only the lines of one process must be in the order of
 * their times.
 */
import { LineError, parseLine, show, type EventLine, type Fault, type Time } from './history-line.ts';
import { limits } from './limits.ts';
import type { Action, Operation, Outcome, Scalar } from './operation.ts';

export interface History {
  /** In the order of the lines that invoke them. Their moments are numbers of events, from 0, in the order of time. */
  operations: Operation[];
  faults: Fault[];
  /** By moment. */
  timesNs: Float64Array;
}

/** The file is not a history. The message is one sentence that names the line. */
export class HistoryError extends Error {}

export class HistoryReader {
  private readonly operations: Operation[] = [];
  private readonly faults: Fault[] = [];
  private readonly timesNs: number[] = [];
  /** By process: its operation that has not completed. */
  private readonly pending = new Map<number, number>();
  private readonly latestNs = new Map<number, number>();
  /** One copy of each key, however many lines it stands in. */
  private readonly keys = new Map<string, string>();
  private lines = 0;
  private originNs: bigint | null = null;

  /** @throws {HistoryError} */
  readLine(text: string): void {
    this.lines++;
    try {
      if (text.length > limits.lineLengthMax)
        throw new LineError(`it is longer than ${limits.lineLengthMax} characters`);
      if (text.trim() === '') return;
      const line = parseLine(text);
      if (line.kind === 'fault') {
        const untilNs = line.untilNs === null ? null : this.sinceOrigin(line.untilNs);
        this.faults.push({ name: line.name, fromNs: this.sinceOrigin(line.fromNs), untilNs });
      } else this.takeEvent(line);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      throw new HistoryError(`line ${this.lines}: ${error.message}`);
    }
  }

  /** @throws {HistoryError} when there was no operation at all: nothing was judged, which must not look like a pass. */
  finish(): History {
    if (this.operations.length === 0) throw new HistoryError('the file holds no operation');
    const timesNs = Float64Array.from(this.timesNs);
    if (isAscending(timesNs)) return { operations: this.operations, faults: this.faults, timesNs };
    const byTime = Uint32Array.from(timesNs, (_, event) => event).toSorted(
      (a, b) => timesNs[a]! - timesNs[b]! || a - b,
    );
    const moments = new Uint32Array(byTime.length);
    byTime.forEach((event, moment) => (moments[event] = moment));
    const operations = this.operations.map((operation) => ({
      ...operation,
      invoked: moments[operation.invoked]!,
      returned: moments[operation.returned]!,
    }));
    return { operations, faults: this.faults, timesNs: timesNs.toSorted() };
  }

  private takeEvent(line: EventLine): void {
    const timeNs = this.sinceOrigin(line.timeNs);
    const latest = this.latestNs.get(line.process);
    if (latest !== undefined && timeNs < latest) {
      throw new LineError(`the time of process ${line.process} goes back, from ${latest} to ${timeNs}`);
    }
    this.latestNs.set(line.process, timeNs);
    if (line.kind === 'invoke') this.invoke(line);
    else this.complete(line);
    this.timesNs.push(timeNs);
  }

  /** Times past 2^53, such as nanoseconds since 1970, are counted from the first of them. */
  private sinceOrigin(time: Time): number {
    this.originNs ??= typeof time === 'bigint' ? time : 0n;
    if (typeof time === 'number' && this.originNs === 0n) return time;
    if (typeof time === 'number' && !Number.isInteger(time))
      throw new LineError(`its time, ${time}, is no whole number, as others are`);
    const since = Number(BigInt(time) - this.originNs);
    if (Number.isSafeInteger(since)) return since;
    throw new LineError(
      `its time, ${time}, is too far from the first one, ${this.originNs}, to be kept exactly`,
    );
  }

  private invoke(line: EventLine): void {
    const { process } = line;
    if (this.pending.has(process)) {
      throw new LineError(`process ${process} invokes while its last operation is not completed`);
    }
    const moment = this.timesNs.length;
    this.pending.set(process, this.operations.length);
    this.operations.push({
      process,
      key: this.internKey(line.key),
      action: actionOf(line),
      outcome: { kind: 'open' },
      invoked: moment,
      returned: moment,
    });
  }

  private complete(line: EventLine): void {
    const { process } = line;
    const index = this.pending.get(process);
    if (index === undefined)
      throw new LineError(`process ${process} completes an operation that it did not invoke`);
    const operation = this.operations[index]!;
    checkSame(operation, line);
    this.pending.delete(process);
    this.operations[index] = {
      ...operation,
      outcome: outcomeOf(operation.action, line),
      returned: this.timesNs.length,
    };
  }

  private internKey(key: string | null): string | null {
    if (key === null) return null;
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    this.keys.set(key, key);
    return key;
  }
}

function actionOf({ f, value }: EventLine): Action {
  switch (f) {
    case 'get':
      if (value !== undefined && value !== null) throw new LineError('a get is invoked without a value');
      return { kind: f };
    case 'delete':
      if (value !== undefined && value !== null) throw new LineError('a delete is invoked without a value');
      return { kind: f };
    case 'put':
      if (value === undefined) throw new LineError('a put is invoked with a value');
      return { kind: f, value: value as Scalar };
    case 'cas':
      if (!Array.isArray(value)) throw new LineError('a cas is invoked with a value, [expected, new]');
      return { kind: f, expected: value[0], value: value[1] };
    case 'append':
      if (typeof value !== 'string') throw new LineError('an append is invoked with a string');
      return { kind: f, value };
  }
}

/** A completion repeats what was invoked, or leaves it out. */
function checkSame({ process, key, action }: Operation, line: EventLine): void {
  if (line.f !== action.kind) {
    throw new LineError(`process ${process} completes a ${line.f}, but what it invoked is a ${action.kind}`);
  }
  if (line.key !== null && line.key !== key) {
    throw new LineError(
      `process ${process} completes key ${show(line.key)}, but what it invoked is ${show(key)}`,
    );
  }
  if (line.value === undefined || line.value === null || action.kind === 'get' || action.kind === 'delete')
    return;
  const invoked = action.kind === 'cas' ? [action.expected, action.value] : action.value;
  if (JSON.stringify(line.value) === JSON.stringify(invoked)) return;
  throw new LineError(
    `process ${process} completes value ${show(line.value)}, but what it invoked is ${show(invoked)}`,
  );
}

function outcomeOf(action: Action, line: EventLine): Outcome {
  if (line.kind === 'info') return { kind: 'open' };
  if (line.kind === 'fail')
    return { kind: action.kind === 'cas' && line.reason === 'mismatch' ? 'mismatch' : 'fail' };
  const { value, version, removed } = line;
  if (action.kind === 'get' && value === undefined) {
    throw new LineError('a get that is ok carries a value, null when the key was missing');
  }
  const foundNothing = (action.kind === 'get' && value === null) || removed === false;
  if (version === 0 && !foundNothing) throw new LineError('its "version" is 0, but versions begin at 1');
  return {
    kind: 'ok',
    ...(action.kind === 'get' ? { value: value as Scalar } : {}),
    ...(version === undefined ? {} : { version }),
    ...(removed === undefined ? {} : { removed }),
  };
}

function isAscending(numbers: Float64Array): boolean {
  for (let index = 1; index < numbers.length; index++)
    if (numbers[index - 1]! > numbers[index]!) return false;
  return true;
}
