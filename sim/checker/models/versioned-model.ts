/**
 * The sequential register whose every write makes a version: the specification behind both paths of the checker where
 * versions are known. It demands more than the plain register: a history is illegal when its values can be explained, but
 * not in the order of the versions that the store itself gave out.
 */
import { kinds, NO_VERSION, observes, type KeyHistory } from '../history/key-history.ts';
import { IMPOSSIBLE, stepValue, type Model } from './register-model.ts';
import { MISSING } from '../history/value-table.ts';

interface State {
  readonly value: number;
  /** The version of the last write, or the least that it can be, and at least every bound seen since. */
  readonly version: number;
  /** False after a write of unknown version: it may be any from `version` on. */
  readonly exact: boolean;
  readonly number: number;
}

/**
 * A write of unknown version is given the least one, one more than the last. No smaller one is possible and later
 * writes need larger ones only, so if any choice works then this one does; a read that returns the value with its
 * version settles it.
 */
export function createVersionedModel(history: KeyHistory): Model {
  const states: State[] = [];
  // By version, in which the states of a history differ most.
  const byVersion = new Map<number, State[]>();

  const numberOf = (value: number, version: number, exact: boolean): number => {
    let alike = byVersion.get(version);
    if (alike === undefined) byVersion.set(version, (alike = []));
    const known = alike.find((state) => state.value === value && state.exact === exact);
    if (known !== undefined) return known.number;
    const state = { value, version, exact, number: states.length };
    states.push(state);
    alike.push(state);
    return state.number;
  };

  const step = (stateNumber: number, operation: number): number => {
    const state = states[stateNumber]!;
    const value = stepValue(history, state.value, operation);
    if (value === IMPOSSIBLE) return IMPOSSIBLE;
    const version = history.version[operation]!;
    const known = version !== NO_VERSION;
    if (observes(history.kind[operation]!)) {
      return known ? observeVersion(stateNumber, state, version) : stateNumber;
    }
    if (!known) {
      if (history.kind[operation] === kinds.erase && state.value === MISSING) return stateNumber;
      return numberOf(value, state.version + 1, false);
    }
    return version > state.version ? numberOf(value, version, true) : IMPOSSIBLE;
  };

  const observeVersion = (stateNumber: number, state: State, version: number): number => {
    if (version === state.version && state.exact) return stateNumber;
    // Absence carries a bound, which may lie after the last write; a value carries the version of that write itself.
    if (version < state.version || (state.exact && state.value !== MISSING)) return IMPOSSIBLE;
    return numberOf(state.value, version, true);
  };

  const initial = numberOf(MISSING, 0, true);
  return {
    initial,
    step,
    determines: (operation) =>
      history.version[operation] !== NO_VERSION && history.kind[operation] !== kinds.append,
    covers: (one, other) => one === other || (one !== IMPOSSIBLE && covers(states[one]!, states[other]!)),
    leavesRoom: (state, place) => 2 * states[state]!.version < place,
    bytes: () => 2 * history.values.characters + 240 * states.length,
  };
}

/** An open version can become the other one, whatever that is; where the key is missing only a bound matters. */
function covers(one: State, other: State): boolean {
  if (one.value !== other.value || one.version > other.version) return false;
  return !one.exact || one.value === MISSING || (other.exact && one.version === other.version);
}
