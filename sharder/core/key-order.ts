/**
 * The order of keys: by their UTF-8 bytes, as in etcd. JavaScript compares strings by UTF-16 units, which differs only
 * between surrogates and the units above them; moving those two blocks past each other (the fix-up for code point order in
 * UTF-16 of the ICU) makes its fast comparison right. Most keys need no change.
 */

const unitsFromSurrogates = /[\ud800-\uffff]/;

/** A string that compares with `<` as the key's UTF-8 bytes do. Distinct for distinct keys. */
export function orderOf(key: string): string {
  if (!unitsFromSurrogates.test(key)) return key;
  let order = '';
  for (let at = 0; at < key.length; at++) {
    const unit = key.charCodeAt(at);
    order += String.fromCharCode(unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
  }
  return order;
}

/** An interval of orders: `end` null is the single key, '' has no upper bound, otherwise half-open. */
export interface OrderInterval {
  start: string;
  end: string | null;
}

/** The interval that a request names: etcd's convention for `rangeEnd` (rpc.proto, RangeRequest). */
export function intervalOf(key: string, rangeEnd: string | undefined): OrderInterval {
  const start = orderOf(key);
  if (rangeEnd === undefined || rangeEnd === '') return { start, end: null };
  return { start, end: rangeEnd === '\0' ? '' : orderOf(rangeEnd) };
}

export function isInside(order: string, { start, end }: OrderInterval): boolean {
  if (end === null) return order === start;
  return order >= start && (end === '' || order < end);
}

/** Compares bytes as unsigned numbers, a prefix comes before the longer one: negative, 0 or positive. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  let at = 0;
  while (at < shared && one[at] === other[at]) at++;
  return (one[at] ?? -1) - (other[at] ?? -1);
}
