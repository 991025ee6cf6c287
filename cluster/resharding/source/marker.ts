/**
 * The marker of a slot: the slot's prefix as a key, without a user's key. The transaction that stops the slot writes it, so it
 * says in the source's own history where the slot ends. With another value it is a probe, which tests whether a watch is alive.
 */
import { dataPrefix } from '../../../sharder/core/slot.ts';

const slotDigits = [2, 6] as const;
const prefixLength = dataPrefix(0).length;

export function slotOfDataKey(key: string): number {
  return Number.parseInt(key.slice(...slotDigits), 16);
}

export function isMarker(key: string): boolean {
  return key.length === prefixLength;
}

export function frozenMarker(move: string): Uint8Array {
  return toBytes(`frozen ${move}`);
}

export function isFrozenMarker(value: Uint8Array, move: string): boolean {
  return String.fromCharCode(...value) === `frozen ${move}`;
}

export function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
