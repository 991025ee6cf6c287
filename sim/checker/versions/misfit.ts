/** An operation that does not fit on the line of versions, and the operations that might explain it; see version-path.ts. */
import { kinds, NO_VERSION, observes, type KeyHistory } from '../history/key-history.ts';
import { MISSING } from '../history/value-table.ts';

export interface Misfit {
  blocked: number;
  against?: number;
  /** One sentence without a full stop, whose subject is the blocked operation. */
  reason: string;
  /** Whether this operation might explain it by taking effect unseen: one of which nobody knows whether it wrote. */
  mendedBy: (operation: number) => boolean;
}

export const mendedByNothing = (): boolean => false;
export const mendedByAnything = (): boolean => true;

/** By operations that can leave the value just before the blocked operation. An append can leave almost anything. */
export function mendedByProducers(history: KeyHistory, wanted: number): (operation: number) => boolean {
  const { kind, value, replacement } = history;
  return (operation) => {
    if (kind[operation] === kinds.append) return true;
    if (kind[operation] === kinds.write) return value[operation] === wanted;
    return (kind[operation] === kinds.swap ? replacement[operation] : MISSING) === wanted;
  };
}

/**
 * By a cas or an append that can make the value. Their results depend on the state, so a greedy choice among them may have
 * been wrong; among plain writes it never is.
 */
export function mendedByDependents(history: KeyHistory, wanted: number): (operation: number) => boolean {
  const produces = mendedByProducers(history, wanted);
  const { kind } = history;
  return (operation) =>
    (kind[operation] === kinds.swap || kind[operation] === kinds.append) && produces(operation);
}

/** The operations of which nobody knows whether, or at which version, they wrote. */
export function findSuspects({ count, kind, version }: KeyHistory): Int32Array {
  const suspects: number[] = [];
  for (let index = 0; index < count; index++) {
    if (version[index] === NO_VERSION && !observes(kind[index]!)) suspects.push(index);
  }
  return Int32Array.from(suspects);
}

/** Whether any of the suspects was invoked in time and might explain the misfit. */
export function isMendable(
  { kind, invoked, returned }: KeyHistory,
  suspects: Int32Array,
  misfit: Misfit,
): boolean {
  if (misfit.mendedBy === mendedByNothing) return false;
  const end = returned[misfit.blocked]!;
  // An append carries the values that were written unseen before it on into the states after it.
  const appends = kind.includes(kinds.append);
  return suspects.some((suspect) => invoked[suspect]! <= end && (appends || misfit.mendedBy(suspect)));
}
