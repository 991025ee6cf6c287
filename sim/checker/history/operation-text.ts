/** Operations, values and moments in words, for reports and drawings. */
import type { Operation, Scalar } from './operation.ts';

const textLengthMax = 60;

/** The request: `cas "a" -> "b"`. */
export function describeAction({ action }: Operation): string {
  switch (action.kind) {
    case 'get':
    case 'delete':
      return action.kind;
    case 'put':
    case 'append':
      return `${action.kind} ${describeValue(action.value)}`;
    case 'cas':
      return `cas ${describeValue(action.expected)} -> ${describeValue(action.value)}`;
  }
}

/** The answer: `found 5, version 7`. */
export function describeOutcome({ action, outcome }: Operation): string {
  switch (outcome.kind) {
    case 'ok': {
      const version = outcome.version === undefined ? [] : [`version ${outcome.version}`];
      if (action.kind === 'get')
        return [`found ${describeValue(outcome.value ?? null)}`, ...version].join(', ');
      const effect = outcome.removed === false ? ['nothing to remove'] : ['ok'];
      return [...effect, ...version].join(', ');
    }
    case 'mismatch':
      return 'found another value';
    case 'fail':
      return 'failed';
    case 'open':
      return 'outcome unknown';
  }
}

/** Why the first operation that does not fit cannot fit: one sentence without a full stop. */
export function describeBlocked({ action, outcome }: Operation): string {
  const never = (found: string): string =>
    `it found ${found}, which in no order can be there at any moment of it`;
  if (outcome.kind === 'mismatch') {
    const expected = action.kind === 'cas' ? describeValue(action.expected) : '';
    return `it found another value than ${expected}, but in no order is there one at any moment of it`;
  }
  if (action.kind === 'get') return never(outcome.kind === 'ok' ? describeValue(outcome.value ?? null) : '');
  if (action.kind === 'cas') return never(describeValue(action.expected));
  return 'wherever it takes effect, it contradicts what was found by the time it returned';
}

export function describeValue(value: Scalar): string {
  if (value === null) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax - 1)}…` : text;
}

/** Nanoseconds as milliseconds: `12.345`. */
export function describeMs(nanoseconds: number): string {
  return (nanoseconds / 1e6).toFixed(3);
}
