/** What a run found broken: by property, with one sentence each; bounded, since one cause may show a thousand times. */

export type Property =
  | 'linearizable'
  | 'definite_failures_never_applied'
  | 'indefinite_at_most_once'
  | 'acknowledged_applied'
  | 'order_of_a_client'
  | 'one_leader_per_term'
  | 'ownership'
  | 'versions_rise'
  | 'mover_crash'
  | 'available'
  | 'deadline'
  | 'bounds'
  | 'liveness'
  | 'deterministic'
  | 'unknown'
  | 'vacuous';

export interface Violation {
  property: Property;
  message: string;
}

const violationsMax = 20;

export class Violations {
  readonly list: Violation[] = [];

  add(property: Property, message: string): void {
    if (this.list.length < violationsMax) this.list.push({ property, message });
  }
}

/** Exit codes of a simulator run, after TigerBeetle's: 1 a crash, 2 a usage error; a broken bound is safety, too. */
export function exitCodeOf(violations: readonly Violation[]): number {
  const has = (...properties: Property[]) => violations.some(({ property }) => properties.includes(property));
  if (violations.length === 0) return 0;
  if (has('deterministic')) return 5;
  if (violations.every(({ property }) => property === 'unknown')) return 6;
  if (
    violations.every(({ property }) =>
      ['liveness', 'deadline', 'vacuous', 'bounds', 'unknown'].includes(property),
    )
  )
    return 3;
  return 4;
}
