/** What a run has found broken: one sentence each, by property; bounded, since one cause may show a thousand times. */

export type Property =
  | 'linearizable'
  | 'definite_failures_never_applied'
  | 'indefinite_at_most_once'
  | 'acknowledged_applied'
  | 'order_of_a_client'
  | 'keys_apart'
  | 'one_leader_per_term'
  | 'ownership'
  | 'handed_over'
  | 'model'
  | 'versions_rise'
  | 'versions_name_values'
  | 'epochs_rise'
  | 'conditions'
  | 'at_rest'
  | 'balance'
  | 'thrift'
  | 'copy_rate'
  | 'minority'
  | 'room'
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

const crashed = 1;
const notLive = 3;
const notSafe = 4;
const notDeterministic = 5;
const notKnown = 6;

/**
 * Safety: something happened that must never happen, and a queue beyond its bound is such a thing. Liveness: something has
 * not happened that must happen in time, and a run in which too little happened has shown nothing.
 */
const exitCodes: Readonly<Record<Property, number>> = {
  linearizable: notSafe,
  definite_failures_never_applied: notSafe,
  indefinite_at_most_once: notSafe,
  acknowledged_applied: notSafe,
  order_of_a_client: notSafe,
  keys_apart: notSafe,
  one_leader_per_term: notSafe,
  ownership: notSafe,
  handed_over: notSafe,
  model: notSafe,
  versions_rise: notSafe,
  versions_name_values: notSafe,
  epochs_rise: notSafe,
  conditions: notSafe,
  at_rest: notSafe,
  balance: notLive,
  thrift: notLive,
  copy_rate: notLive,
  minority: notLive,
  room: notLive,
  bounds: notSafe,
  mover_crash: crashed,
  available: notLive,
  deadline: notLive,
  liveness: notLive,
  vacuous: notLive,
  deterministic: notDeterministic,
  unknown: notKnown,
};

/** The exit code is that of the first of these that a run has. */
const gravest = [crashed, notDeterministic, notSafe, notLive, notKnown];

/** Exit codes of a simulator run, after TigerBeetle's, where 2 is wrong use. */
export function exitCodeOf(violations: readonly Violation[]): number {
  const codes = new Set(violations.map(({ property }) => exitCodes[property]));
  return gravest.find((code) => codes.has(code)) ?? 0;
}
