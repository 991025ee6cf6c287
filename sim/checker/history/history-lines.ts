/** Writes operations as the lines of a history file: the inverse of history-reader.ts. */
import type { Fault } from './history-line.ts';
import type { Action, Operation, Scalar } from './operation.ts';

interface Event {
  operation: Operation;
  time: number;
  returns: boolean;
  /** How many events of the same process and the same moment come before it. */
  ordinal: number;
}

/**
 * The lines in the order of time. Moments are written as they are, so they should be nanoseconds. Equal moments are
 * concurrent in memory, but in a file the order of lines decides: invocations are written first, as far as the order of
 * each process allows.
 */
export function* toHistoryLines(
  operations: readonly Operation[],
  faults: readonly Fault[] = [],
): Generator<string> {
  for (const { name, fromNs, untilNs } of faults) {
    yield JSON.stringify({
      type: 'fault',
      name,
      time: fromNs,
      ...(untilNs === null ? {} : { until: untilNs }),
    });
  }
  const events = eventsOf(operations).toSorted(
    (a, b) => a.time - b.time || a.ordinal - b.ordinal || Number(a.returns) - Number(b.returns),
  );
  for (const { operation, time, returns } of events)
    yield JSON.stringify(toHistoryLine(operation, time, returns));
}

function eventsOf(operations: readonly Operation[]): Event[] {
  const latest = new Map<number, Event>();
  const events: Event[] = [];
  const add = (operation: Operation, time: number, returns: boolean): void => {
    const before = latest.get(operation.process);
    const event = { operation, time, returns, ordinal: before?.time === time ? before.ordinal + 1 : 0 };
    latest.set(operation.process, event);
    events.push(event);
  };
  for (const operation of operations.toSorted((a, b) => a.invoked - b.invoked || a.returned - b.returned)) {
    add(operation, operation.invoked, false);
    add(operation, operation.outcome.kind === 'open' ? operation.invoked : operation.returned, true);
  }
  return events;
}

/** The line that invokes the operation, or the one that completes it. */
export function toHistoryLine(
  { process, key, action, outcome }: Operation,
  time: number,
  returns: boolean,
): object {
  const head = { process, type: 'invoke', f: action.kind, ...(key === null ? {} : { key }) };
  const value = argumentOf(action);
  if (!returns) return { ...head, ...(value === undefined ? {} : { value }), time };
  switch (outcome.kind) {
    case 'ok': {
      const { kind, value: found, ...more } = outcome;
      const shown = action.kind === 'get' ? found : value;
      return { ...head, type: kind, ...(shown === undefined ? {} : { value: shown }), time, ...more };
    }
    case 'mismatch':
      return { ...head, type: 'fail', value, time, reason: 'mismatch' };
    case 'fail':
      return { ...head, type: 'fail', ...(value === undefined ? {} : { value }), time };
    case 'open':
      return { ...head, type: 'info', ...(value === undefined ? {} : { value }), time };
  }
}

/** The `value` of the line that invokes the action. */
function argumentOf(action: Action): Scalar | [Scalar, Scalar] | undefined {
  switch (action.kind) {
    case 'get':
    case 'delete':
      return undefined;
    case 'cas':
      return [action.expected, action.value];
    case 'put':
    case 'append':
      return action.value;
  }
}
