/** The operations of a run's client, and what it learns. */
import type { Operation, Outcome } from '../../../sharder/core/operation.ts';
import { shownKey } from './key-names.ts';

/** An operation as a client sends it, with its meaning for the judge. */
export interface Intent {
  operation: Operation;
  /** The value that is written, unique in the run; null for other operations. */
  written: number | null;
  /** The one value (null: none) with which the condition holds; undefined where the condition names no value. */
  expected: number | null | undefined;
}

/** How one operation of a request ended, as its client knows it; `lost` when the sharder's answer was lost. */
export type Learned = Outcome | { kind: 'lost' } | { kind: 'not_sent' };

const numberBytes = 4;

/** A value's number, big end first, then zeros up to its size; number 0 is the empty value. */
export function encodeValue(value: number, sizeBytes = numberBytes): Uint8Array {
  if (value === 0) return new Uint8Array(0);
  const bytes = new Uint8Array(Math.max(sizeBytes, numberBytes));
  bytes[0] = value >>> 24;
  bytes[1] = value >>> 16;
  bytes[2] = value >>> 8;
  bytes[3] = value;
  return bytes;
}

export function decodeValue(bytes: Uint8Array): number {
  if (bytes.length < numberBytes) return 0;
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

export function describeIntent(
  { operation, written, expected }: Intent,
  learned: Learned | undefined,
): string {
  const { kind, key } = operation;
  const condition =
    kind === 'get' || operation.condition.kind === 'always' ? '' : describeCondition(operation);
  const means = expected === undefined || condition === '' ? '' : ` (${String(expected)})`;
  const asked = `${kind} ${shownKey(key)}${written === null ? '' : `=${written}`}${condition}${means}`;
  if (learned === undefined) return asked;
  if (learned.kind !== 'ok')
    return `${asked}: ${learned.kind}${learned.kind === 'failed' ? ` ${learned.code}` : ''}`;
  const { result } = learned;
  if (result.kind !== 'get') return `${asked}: ok at version ${result.version}`;
  return `${asked}: ${result.state ? `${decodeValue(result.state.value)} at version ${result.state.version}` : 'missing'}`;
}

function describeCondition(operation: Exclude<Operation, { kind: 'get' }>): string {
  const { condition } = operation;
  switch (condition.kind) {
    case 'version':
      return ` if version ${condition.version}`;
    case 'one_of':
      return ` if one of ${condition.versions.join(' ')}`;
    case 'none_of':
      return ` if none of ${condition.versions.join(' ')}${condition.exists ? ' and there' : ''}`;
    default:
      return ` if ${condition.kind}`;
  }
}
