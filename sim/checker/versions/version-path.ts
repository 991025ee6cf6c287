/**
 * The fast path, for keys whose writes and reads carry the store's versions: O(n log n), because the versions leave next
 * to nothing to search for. It judges by the specification of versioned-model.ts.
 *
 * Give each operation a place on a line: a write of version V at 2V, the reads that found V at 2V + 1, a read that found
 * nothing at its bound b at 2b + 1. Two claims carry the path.
 *
 * 1. Operations with given places can be linearized in the order of their places if and only if (a) the states along the
 *    line fit, and (b) no A that returned before B was invoked has a higher place than B. For then the order by place,
 *    and by invocation among equals, keeps real time; and a place is a version, so no other order is possible.
 * 2. An observation without a version (a mismatch, a read without one) may stand at any place where the state fits and
 *    (b) holds. Take them in the order of invocation, which extends real time, and give each the lowest place allowed by
 *    those before it. By induction no linearization has any of them lower, so if (b) fails then it fails in all.
 *
 * An open write that a read found by a version V takes the place 2V. Of several that can have made V the one that was invoked
 * first is taken, for ascending V: the latest moment for V to be made never falls with V, so an exchange shows that this loses
 * nothing. Every other open operation is left out, which can only be wrong if the rest does not fit.
 *
 * Sound: `ok` comes with a linearization, and `illegal` only from a misfit that no open operation can mend. Complete where
 * there are no open operations. Where the rest does not fit and one of them might mend it, the path returns the key as
 * `undecided`, and the search decides.
 */
import { kinds, NO_VERSION, observes, type KeyHistory } from '../history/key-history.ts';
import { findSuspects, isMendable, type Misfit } from './misfit.ts';
import { TimeLine } from './version-intervals.ts';
import { walkVersions } from './version-states.ts';

/** Operations are indexes into the key's history; `reason` is one sentence without a full stop. */
export type VersionVerdict =
  | { kind: 'ok'; order: Int32Array }
  | { kind: 'illegal'; order: Int32Array; blocked: number; against?: number; reason: string }
  | { kind: 'undecided' };

export function judgeByVersions(history: KeyHistory): VersionVerdict {
  if (!isCovered(history)) return { kind: 'undecided' };
  const suspects = findSuspects(history);
  const states = walkVersions(history, suspects);
  const line = new TimeLine(history, states);

  // First the facts that hold whatever the open operations did: versions and their values, and versions in time.
  const known = line.placeKnown(states.certain?.place ?? Infinity);
  const certain = known.misfit ?? states.certain?.misfit;
  if (certain !== undefined) return toIllegal(certain, known.order);

  const uncertain = states.uncertain;
  const all = uncertain === undefined ? line.placeAll() : line.placeKnown(uncertain.place);
  const misfit = uncertain?.misfit ?? all.misfit;
  if (misfit === undefined) return { kind: 'ok', order: all.order };
  return isMendable(history, suspects, misfit) ? { kind: 'undecided' } : toIllegal(misfit, all.order);
}

function toIllegal({ blocked, against, reason }: Misfit, order: Int32Array): VersionVerdict {
  const illegal = { kind: 'illegal', order, blocked, reason } as const;
  return against === undefined ? illegal : { ...illegal, against };
}

/** Whether every completed operation that certainly wrote has a version, and there is at least one version. */
function isCovered({ count, kind, returned, version }: KeyHistory): boolean {
  let anyVersion = false;
  for (let index = 0; index < count; index++) {
    if (version[index] !== NO_VERSION) anyVersion = true;
    else if (!observes(kind[index]!) && kind[index] !== kinds.erase && returned[index] !== Infinity)
      return false;
  }
  return anyVersion;
}
