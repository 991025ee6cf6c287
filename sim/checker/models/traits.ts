/** The facts about each operation that the look-ahead of the search needs, in the order of ranks. */
import { isBlind, kinds, type KeyHistory } from '../history/key-history.ts';
import { MISSING } from '../history/value-table.ts';

export const NO_VALUE = -1;

export interface Traits {
  /** The value that the operation leaves; NO_VALUE for an observation. */
  products: Int32Array;
  /** The only value in which it is possible. */
  demands: Int32Array;
  /** The only value in which it is not possible. */
  dislikes: Int32Array;
  /** 1 if it is possible in every state and leaves the same one. */
  blind: Uint8Array;
  /** Operations with equal numbers do the same. */
  effects: Int32Array;
  /** Values are below it. */
  valueCount: number;
  effectCount: number;
}

/** For histories without appends. */
export function traitsOf(history: KeyHistory, operations: Int32Array): Traits {
  const { kind, value, replacement } = history;
  const isAny = (operation: number, ...some: number[]): boolean => some.includes(kind[operation]!);
  const numbers = new Map<string, number>();
  const effects = operations.map((operation) => {
    const name = `${kind[operation]} ${value[operation]} ${replacement[operation]}`;
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  });
  const highest = (values: Int32Array): number => values.reduce((one, other) => Math.max(one, other), 0);
  return {
    products: operations.map((operation) => productOf(history, operation)),
    demands: operations.map((operation) =>
      isAny(operation, kinds.read, kinds.swap) ? value[operation]! : NO_VALUE,
    ),
    dislikes: operations.map((operation) => {
      if (isAny(operation, kinds.remove)) return MISSING;
      return isAny(operation, kinds.differ) ? value[operation]! : NO_VALUE;
    }),
    blind: Uint8Array.from(operations, (operation) => (isBlind(kind[operation]!) ? 1 : 0)),
    effects,
    valueCount: 1 + Math.max(MISSING, highest(value), highest(replacement)),
    effectCount: numbers.size,
  };
}

/** The value that an operation other than an append leaves, or NO_VALUE. */
export function productOf({ kind, value, replacement }: KeyHistory, operation: number): number {
  switch (kind[operation]) {
    case kinds.write:
      return value[operation]!;
    case kinds.swap:
      return replacement[operation]!;
    case kinds.erase:
    case kinds.remove:
      return MISSING;
    default:
      return NO_VALUE;
  }
}
