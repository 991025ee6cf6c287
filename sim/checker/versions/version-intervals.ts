/**
 * Real time along the line of versions: gives every operation its place, and finds the first one that cannot have one,
 * because an operation with a higher place had returned before it was invoked.
 */
import { kinds, NO_VERSION, observes, type KeyHistory } from '../history/key-history.ts';
import {
  mendedByAnything,
  mendedByDependents,
  mendedByNothing,
  mendedByProducers,
  type Misfit,
} from './misfit.ts';
import { IMPOSSIBLE, stepValue } from '../models/register-model.ts';
import { MISSING } from '../history/value-table.ts';
import { placeOf } from './version-order.ts';
import type { VersionStates } from './version-states.ts';

const UNPLACED = -1;

interface Placing {
  /** The operations that fit, in the order of a linearization: all of them, or those before the one that does not. */
  order: Int32Array;
  misfit: Misfit | undefined;
}

export class TimeLine {
  private readonly history: KeyHistory;
  private readonly states: VersionStates;
  private readonly byInvocation: Int32Array;
  private readonly byReturn: Int32Array;

  constructor(history: KeyHistory, states: VersionStates) {
    this.history = history;
    this.states = states;
    const { invoked, returned } = history;
    const every = Int32Array.from({ length: history.count }, (_, index) => index);
    this.byInvocation = every.toSorted((a, b) => invoked[a]! - invoked[b]! || a - b);
    // Open operations never return.
    const completed = every.filter((index) => returned[index] !== Infinity);
    this.byReturn = completed.toSorted((a, b) => returned[a]! - returned[b]! || a - b);
  }

  /** Only operations with a version, of a place below the limit. A misfit among them is certain. */
  placeKnown(below: number): Placing {
    const { history } = this;
    const places = new Float64Array(history.count).fill(UNPLACED);
    for (let index = 0; index < history.count; index++) {
      const place = placeOf(history, index);
      if (history.version[index] !== NO_VERSION && place < below) places[index] = place;
    }
    const { order, misfit } = this.sweep(places, (operation) => places[operation] !== UNPLACED);
    return { order: replayable(history, order, places), misfit };
  }

  /** Everything but the open operations without a known version. */
  placeAll(): Placing {
    const { history } = this;
    const places = new Float64Array(history.count).fill(UNPLACED);
    for (let index = 0; index < history.count; index++) {
      if (history.version[index] !== NO_VERSION) places[index] = placeOf(history, index);
    }
    for (const [operation, place] of this.states.producers) places[operation] = place;
    const placing = this.sweep(
      places,
      (operation) => places[operation] !== UNPLACED || history.returned[operation] !== Infinity,
    );
    return placing.misfit === undefined
      ? placing
      : { ...placing, order: replayable(history, placing.order, places) };
  }

  private sweep(places: Float64Array, takes: (operation: number) => boolean): Placing {
    const { history, byReturn } = this;
    const finder = new PlaceFinder(this.states);
    const taken = this.byInvocation.filter(takes);
    let highest = 0;
    let highestOperation = -1;
    let returns = 0;
    for (let index = 0; index < taken.length; index++) {
      const operation = taken[index]!;
      const begin = history.invoked[operation]!;
      for (; returns < byReturn.length && history.returned[byReturn[returns]!]! < begin; returns++) {
        // An operation that is not taken has no place, which is lower than any.
        const place = places[byReturn[returns]!]!;
        if (place <= highest) continue;
        highest = place;
        highestOperation = byReturn[returns]!;
      }
      if (places[operation] === UNPLACED) places[operation] = finder.find(history, operation, highest);
      if (places[operation]! >= highest) continue;
      const misfit = misfitInTime(history, operation, highestOperation);
      const fitting = taken.slice(0, index).filter((other) => other !== misfit.blocked);
      return { order: sortByPlace(fitting, places), misfit };
    }
    return { order: sortByPlace(taken, places), misfit: undefined };
  }
}

/** Among equals the order of invocation stays: sorting is stable. */
function sortByPlace(operations: Int32Array, places: Float64Array): Int32Array {
  return operations.toSorted((a, b) => places[a]! - places[b]!);
}

/**
 * The rest of the order, without operations that depend on one that is not in it: a read of a version whose write was invoked
 * only after the operation that does not fit.
 */
function replayable(history: KeyHistory, order: Int32Array, places: Float64Array): Int32Array {
  let state = MISSING;
  let lastWrite = 0;
  return order.filter((operation) => {
    const next = stepValue(history, state, operation);
    if (next === IMPOSSIBLE) return false;
    if (!observes(history.kind[operation]!)) lastWrite = places[operation]!;
    else if (history.version[operation] !== NO_VERSION && state !== MISSING) {
      return places[operation] === lastWrite + 1;
    }
    state = next;
    return true;
  });
}

function misfitInTime(history: KeyHistory, blocked: number, highest: number): Misfit {
  const known = (operation: number): boolean => history.version[operation] !== NO_VERSION;
  const version = history.version[blocked];
  const against = highest < 0 ? {} : { against: highest };
  if (!known(blocked)) {
    const reason = 'after what had returned before it was invoked, there is no state that it fits';
    // An unseen operation may have let the observation that is too high stand lower.
    const lowered = highest >= 0 && !known(highest);
    return { blocked, ...against, reason, mendedBy: lowered ? mendedByAnything : menders(history, blocked) };
  }
  if (!known(highest)) {
    const reason = `its version is ${version}, but what had returned before it was invoked only fits after that`;
    return { blocked, ...against, reason, mendedBy: mendedByAnything };
  }
  if (history.version[highest] === version) {
    // Of a write and a read of its value, the read is the impossible one.
    const reason = `it found version ${version} and returned before the write of that was invoked`;
    return { blocked: highest, against: blocked, reason, mendedBy: mendedByNothing };
  }
  const verb = observes(history.kind[blocked]!) ? 'found' : 'made';
  const reason = `it ${verb} version ${version}, but ${history.version[highest]} had been returned before it was invoked`;
  return { blocked, ...against, reason, mendedBy: mendedByNothing };
}

/** The operations that might explain a misfit of an operation without a version. */
function menders(history: KeyHistory, blocked: number): Misfit['mendedBy'] {
  const kind = history.kind[blocked];
  if (kind === kinds.read) return mendedByProducers(history, history.value[blocked]!);
  // A delete that was taken for an observation may itself have removed something; a mismatch needs any other value.
  if (kind === kinds.erase || kind === kinds.differ) return mendedByAnything;
  // An open operation that was found by its version, and was invoked too late.
  const product = kind === kinds.swap ? history.replacement[blocked]! : history.value[blocked]!;
  return kind === kinds.append ? mendedByAnything : mendedByDependents(history, product);
}

/** Finds places for observations without a version. A delete that reports nothing counts as an observation of absence. */
class PlaceFinder {
  private readonly starts: readonly number[];
  private readonly states: readonly number[];
  /** By state: the indexes of the starts from which it holds, ascending. Made when first needed. */
  private byState: Map<number, number[]> | undefined;
  /** By start: the next start with another state. Made when first needed. */
  private nextChange: Int32Array | undefined;

  constructor({ starts, states }: VersionStates) {
    this.starts = starts;
    this.states = states;
  }

  /** The lowest place, `lowest` or higher and after the write, at which the observation fits; or UNPLACED. */
  find(history: KeyHistory, operation: number, lowest: number): number {
    const from = lastAtMost(this.starts, lowest);
    const value = history.kind[operation] === kinds.erase ? MISSING : history.value[operation]!;
    const index =
      history.kind[operation] === kinds.differ
        ? this.firstDifferent(from, value)
        : this.firstEqual(from, value);
    return index === undefined ? UNPLACED : Math.max(lowest, this.starts[index]! + 1);
  }

  private firstDifferent(from: number, state: number): number | undefined {
    if (this.states[from] !== state) return from;
    this.nextChange ??= this.findChanges();
    const index = this.nextChange[from]!;
    return index < this.states.length ? index : undefined;
  }

  private findChanges(): Int32Array {
    const { states } = this;
    const next = new Int32Array(states.length).fill(states.length);
    for (let index = states.length - 2; index >= 0; index--) {
      next[index] = states[index] === states[index + 1] ? next[index + 1]! : index + 1;
    }
    return next;
  }

  private firstEqual(from: number, state: number): number | undefined {
    if (this.states[from] === state) return from;
    this.byState ??= Map.groupBy(this.states.keys(), (index) => this.states[index]!);
    const indexes = this.byState.get(state) ?? [];
    return indexes[lastAtMost(indexes, from) + 1];
  }
}

/** Index of the last element that is not above the limit, in ascending numbers; -1 when all are. */
function lastAtMost(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
