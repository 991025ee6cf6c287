/** The sequential register: from one state and one operation to the next state. States are numbers of values. */
import { kinds, type KeyHistory } from '../history/key-history.ts';
import { MISSING } from '../history/value-table.ts';

/** The operation is not possible in this state. */
export const IMPOSSIBLE = -1;

/** A deterministic sequential specification over the operations of one key. States are integers, 0 or more. */
export interface Model {
  readonly initial: number;
  /** The state after the operation with this index, or IMPOSSIBLE. */
  step(state: number, operation: number): number;
  /** Whether the state after the operation is the same wherever it is possible. */
  determines(operation: number): boolean;
  /** Whether every operation that is possible from `other` is possible from `one` too. May say no where it is. */
  covers(one: number, other: number): boolean;
  /** Whether an operation at this place in the order of versions (version-order.ts) may still come after the state. */
  leavesRoom(state: number, place: number): boolean;
  /** Memory that the states take. */
  bytes(): number;
}

/** The value of a key after one operation on it, or IMPOSSIBLE. */
export function stepValue(history: KeyHistory, state: number, operation: number): number {
  const value = history.value[operation]!;
  switch (history.kind[operation]) {
    case kinds.read:
      return state === value ? state : IMPOSSIBLE;
    case kinds.differ:
      return state === value ? IMPOSSIBLE : state;
    case kinds.write:
      return value;
    case kinds.erase:
      return MISSING;
    case kinds.remove:
      return state === MISSING ? IMPOSSIBLE : MISSING;
    case kinds.swap:
      return state === value ? history.replacement[operation]! : IMPOSSIBLE;
    default:
      return history.values.join(state, value);
  }
}

export function createRegisterModel(history: KeyHistory): Model {
  return {
    initial: MISSING,
    step: (state, operation) => stepValue(history, state, operation),
    determines: (operation) => {
      const kind = history.kind[operation]!;
      return kind !== kinds.differ && kind !== kinds.append;
    },
    covers: (one, other) => one === other,
    leavesRoom: () => true,
    bytes: () => 2 * history.values.characters,
  };
}
