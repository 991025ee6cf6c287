/**
 * The states along the line of versions: the value of each version, the operation that made it, and the misfits. Real time
 * plays no part here.
 */
import { kinds, observes, type KeyHistory } from '../history/key-history.ts';
import {
  isMendable,
  mendedByAnything,
  mendedByDependents,
  mendedByNothing,
  mendedByProducers,
  type Misfit,
} from './misfit.ts';
import { OpenProducers } from './open-producers.ts';
import { IMPOSSIBLE, stepValue } from '../models/register-model.ts';
import { MISSING } from '../history/value-table.ts';
import { placeOf, sortByVersion } from './version-order.ts';

export interface MisfitAt {
  misfit: Misfit;
  place: number;
}

export interface VersionStates {
  /** Places at which a state begins, ascending: those of the writes. The key is missing from place 0 on. */
  starts: number[];
  /** The state from each start on. */
  states: number[];
  /** Open operations that made a version which a read found: operation to place. */
  producers: ReadonlyMap<number, number>;
  /** The first misfit that stands whatever the open operations did. */
  certain?: MisfitAt;
  /** The first misfit that stands if no open operation took effect unseen. */
  uncertain?: MisfitAt;
}

export function walkVersions(history: KeyHistory, suspects: Int32Array): VersionStates {
  const walk = new VersionWalk(history, suspects);
  for (const operation of sortByVersion(history)) {
    walk.take(operation);
    if (walk.result.certain !== undefined) break;
  }
  return walk.result;
}

class VersionWalk {
  readonly result: VersionStates;
  private readonly history: KeyHistory;
  private readonly suspects: Int32Array;
  private readonly opens: OpenProducers;
  private state = MISSING;
  private version = 0;
  /** The operation that made the version, if it was acknowledged. */
  private writer: number | undefined;

  constructor(history: KeyHistory, suspects: Int32Array) {
    this.history = history;
    this.suspects = suspects;
    this.opens = new OpenProducers(history);
    this.result = { starts: [0], states: [MISSING], producers: this.opens.places };
  }

  /** Operations come by ascending place. After an uncertain misfit the walk goes on as if it had been mended. */
  take(operation: number): void {
    if (!observes(this.history.kind[operation]!)) this.takeWrite(operation);
    else if (this.history.value[operation] === MISSING) this.takeAbsence(operation);
    else this.takeRead(operation);
  }

  private takeWrite(operation: number): void {
    const { history } = this;
    const version = history.version[operation]!;
    if (version === this.version) {
      return this.note(operation, `version ${version} was given to two writes`, mendedByNothing);
    }
    let next = stepValue(history, this.state, operation);
    if (next === IMPOSSIBLE) {
      const swaps = history.kind[operation] === kinds.swap;
      const wanted = swaps ? mendedByProducers(history, history.value[operation]!) : mendedByAnything;
      const found = swaps ? 'the value that it expected' : 'a value';
      const before = this.version === 0 ? 'there was none' : `version ${this.version} does not hold that`;
      const reason = `it made version ${version} and so found ${found}, but before it ${before}`;
      this.note(operation, reason, version > this.version + 1 ? wanted : this.mendedInPlace());
      next = swaps ? history.replacement[operation]! : MISSING;
    }
    this.begin(version, next, operation);
  }

  private takeRead(operation: number): void {
    const version = this.history.version[operation]!;
    const value = this.history.value[operation]!;
    if (version !== this.version) {
      const producer = this.opens.takeProducer(this.state, value, 2 * version);
      this.begin(version, value, undefined);
      if (producer !== undefined) return;
      const reason = `it found version ${version}, which no write can have made with that value`;
      // All writes of this value are taken; only an operation that depends on the state can have made it after all.
      return this.note(operation, reason, mendedByDependents(this.history, value));
    }
    if (this.state === value) return;
    const reason = `it found version ${version} with a value that this version does not have`;
    this.note(operation, reason, this.mendedInPlace());
  }

  private takeAbsence(operation: number): void {
    if (this.state === MISSING) return;
    const bound = this.history.version[operation]!;
    const reason = `it found nothing at version ${bound} of the store, but version ${this.version} of the key holds a value`;
    const wanted = mendedByProducers(this.history, MISSING);
    this.note(operation, reason, bound > this.version ? wanted : mendedByNothing);
  }

  /** Where no version is free for an unseen operation, only the result of an append can differ from what it seems. */
  private mendedInPlace(): Misfit['mendedBy'] {
    const appended = this.writer !== undefined && this.history.kind[this.writer] === kinds.append;
    return appended ? mendedByAnything : mendedByNothing;
  }

  private begin(version: number, state: number, writer: number | undefined): void {
    this.version = version;
    this.state = state;
    this.writer = writer;
    this.result.starts.push(2 * version);
    this.result.states.push(state);
  }

  private note(blocked: number, reason: string, mendedBy: Misfit['mendedBy']): void {
    const against = this.writer === undefined || this.writer === blocked ? {} : { against: this.writer };
    const misfit = { blocked, reason, mendedBy, ...against };
    const place = placeOf(this.history, blocked);
    if (isMendable(this.history, this.suspects, misfit)) this.result.uncertain ??= { misfit, place };
    else this.result.certain ??= { misfit, place };
  }
}
