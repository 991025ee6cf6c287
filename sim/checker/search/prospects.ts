/**
 * Looks ahead from one configuration of the search, over the calls and returns that are near in time, for choices that
 * need not be tried. For histories without versions and appends, where values alone connect the operations.
 *
 * Throughout, an operation demands a value if it is possible in that state alone (a read, a cas), and dislikes one if
 * it is possible in every other (a mismatch, a delete that removed something).
 */
import type { KeyHistory } from '../history/key-history.ts';
import { limits } from '../history/limits.ts';
import type { OpenClasses } from './open-classes.ts';
import type { PendingList } from './pending-list.ts';
import { NO_VALUE, traitsOf, type Traits } from '../models/traits.ts';

export class Prospects {
  /** Entries looked at so far; the search counts them as steps. */
  entriesSeen = 0;
  private readonly pending: PendingList;
  private readonly opens: OpenClasses;
  private readonly traits: Traits;
  /** By rank: the entry before which every operation that finds its value must be called. */
  private readonly horizons: Int32Array;

  private state = NO_VALUE;
  private limit = 0;
  /** By value, as of the last look: the first call that demands it, the first call that leaves it. */
  private readonly demanded: Sightings;
  private readonly produced: Sightings;
  /** By effect: the first return among those that may come next. */
  private readonly returned: Sightings;
  private readonly disliked: number[] = [];

  constructor(history: KeyHistory, pending: PendingList, opens: OpenClasses) {
    this.pending = pending;
    this.opens = opens;
    this.traits = traitsOf(history, pending.operations);
    this.horizons = this.findHorizons();
    this.demanded = new Sightings(this.traits.valueCount);
    this.produced = new Sightings(this.traits.valueCount);
    this.returned = new Sightings(this.traits.effectCount);
  }

  /**
   * Looks ahead from a configuration with this state. False: some operation demands another value, and no remaining operation
   * that is called before its return can leave that value. The configuration has no linearization.
   */
  look(state: number): boolean {
    const { pending, traits } = this;
    this.state = state;
    this.demanded.forget();
    this.produced.forget();
    this.returned.forget();
    this.disliked.length = 0;
    this.limit = this.findLimit();
    let entry = pending.next[0]!;
    for (; entry <= this.limit && entry < pending.tail; entry = pending.next[entry]!) {
      this.entriesSeen++;
      const rank = pending.ranks[entry]!;
      const demand = traits.demands[rank]!;
      if (pending.isReturn[entry] === 0) this.noteCall(entry, rank, demand);
      else if (demand !== NO_VALUE && demand !== state && !this.canBeLeft(demand)) return false;
    }
    return true;
  }

  /**
   * Whether another operation that may come next does the same, returns earlier and is itself tried. Then that one goes
   * first: in any linearization that has this one first the two can change places. An idle twin that need not return first
   * is not tried itself, but only placed before another write, so it cannot stand in for this one.
   */
  isLaterTwin(rank: number): boolean {
    const { pending, traits } = this;
    const effect = traits.effects[rank]!;
    const end = pending.returnOf(rank);
    if (this.returned.of(effect) >= end) return false;
    const first = pending.ranks[pending.firstReturn()]!;
    for (let entry = pending.next[0]!; pending.isReturn[entry] === 0; entry = pending.next[entry]!) {
      const other = pending.ranks[entry]!;
      if (traits.effects[other] !== effect || pending.returnOf(other) >= end) continue;
      if (other === first || !this.isIdle(other)) return true;
    }
    return false;
  }

  /**
   * Whether nobody can need what this blind write W, which may come next, leaves. Between W and the next effect X in a
   * linearization stand observations only. All of them, and X, are called before W's horizon, for what returned before
   * they were called and was called after W returned would stand between and be an effect. None of the calls up to
   * there demands W's value, nor does an open cas; and of those that dislike a value, none can be in need of W, because
   * the state cannot be that value. So nothing stands between W and X, X is blind, and W may as well be placed earlier:
   * just before the first blind write of the linearization, which hides it. Hence:
   *
   * - with the next blind write all idle ones that may come next are placed before it, at no cost;
   * - an idle one is chosen itself only if it is the one that must return first: else it opens the way to nothing.
   */
  isIdle(rank: number): boolean {
    const { traits, horizons } = this;
    if (traits.blind[rank] === 0) return false;
    const horizon = horizons[rank]!;
    if (horizon > this.limit) return false;
    const product = traits.products[rank]!;
    if (this.demanded.of(product) < horizon || this.opens.isExpected(product)) return false;
    for (const entry of this.disliked) {
      if (entry >= horizon) break;
      const value = traits.dislikes[this.pending.ranks[entry]!]!;
      if (value === this.state || this.canBeLeft(value)) return false;
    }
    return true;
  }

  private noteCall(entry: number, rank: number, demand: number): void {
    const { traits } = this;
    if (demand !== NO_VALUE) this.demanded.note(demand, entry);
    if (traits.dislikes[rank] !== NO_VALUE) this.disliked.push(entry);
    if (traits.products[rank] !== NO_VALUE) this.produced.note(traits.products[rank]!, entry);
  }

  /** Whether an operation seen so far, or an open one, leaves this value. */
  private canBeLeft(value: number): boolean {
    return this.produced.of(value) !== NEVER || this.opens.canLeave(value);
  }

  /** How far to look: to the returns of the calls that may come next, and to their horizons, within reason. */
  private findLimit(): number {
    const { pending, traits } = this;
    let limit = 0;
    let entry = pending.next[0]!;
    for (; pending.isReturn[entry] === 0; entry = pending.next[entry]!) {
      const rank = pending.ranks[entry]!;
      const end = pending.returnOf(rank);
      limit = Math.max(limit, end, this.horizons[rank]!);
      if (traits.products[rank] !== NO_VALUE) this.returned.note(traits.effects[rank]!, end);
    }
    return Math.min(limit, entry + limits.entriesAheadMax);
  }

  private findHorizons(): Int32Array {
    const { pending, traits } = this;
    const count = pending.operations.length;
    const horizons = new Int32Array(count).fill(pending.tail);
    // From the last entry to the first: the earliest return of the effects called after it.
    let earliest = pending.tail;
    for (let entry = pending.tail - 1; entry > 0; entry--) {
      const rank = pending.ranks[entry]!;
      if (pending.isReturn[entry] === 1) horizons[rank] = earliest;
      else if (traits.products[rank] !== NO_VALUE) earliest = Math.min(earliest, pending.returnOf(rank));
    }
    return horizons;
  }
}

const NEVER = 0x7fffffff;

/** For each of a fixed number of things, where it was first seen since the last reset, which costs nothing. */
class Sightings {
  private readonly places: Int32Array;
  private readonly rounds: Int32Array;
  private round = 0;

  constructor(count: number) {
    this.places = new Int32Array(count);
    this.rounds = new Int32Array(count);
  }

  forget(): void {
    this.round++;
  }

  note(thing: number, place: number): void {
    if (this.rounds[thing] === this.round && this.places[thing]! <= place) return;
    this.rounds[thing] = this.round;
    this.places[thing] = place;
  }

  /** NEVER when it was not seen. */
  of(thing: number): number {
    return this.rounds[thing] === this.round ? this.places[thing]! : NEVER;
  }
}
