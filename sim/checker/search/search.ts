/**
 * The general path: an iterative search for a linearization after Wing and Gong (1993), with the memory of visited
 * configurations that Lowe (2017) added. It places one operation after another, each among those that may come next in
 * real time and are possible in the state reached, and takes back where nothing fits. It is exact: it ends with a
 * linearization, with the proof that there is none, or with its budget of steps or bytes.
 *
 * What keeps it small, each argued where it is done: observations are placed at sight and never taken back alone; an
 * open operation is placed only where the next one notices it (`isNoticed`), and classes of equal ones are used in
 * order (open-classes.ts); configurations that use more open operations than a visited one are not explored
 * (visited-configurations.ts); writes whose value no operation needs hide before others (prospects.ts); at certain quiescent
 * points everything behind is forgotten (`commit`). Before it begins, intervals are narrowed (narrow-intervals.ts) and plain
 * contradictions found (value-spans.ts).
 */
import { isBlind, kinds, NO_VERSION, observes, type KeyHistory } from '../history/key-history.ts';
import { narrowIntervals, type Bounds } from './narrow-intervals.ts';
import { OpenClasses } from './open-classes.ts';
import { PendingList } from './pending-list.ts';
import { findCuts } from './quiescent-cuts.ts';
import { Prospects } from './prospects.ts';
import { IMPOSSIBLE, type Model } from '../models/register-model.ts';
import { findContradiction } from './value-spans.ts';
import { VersionCursor } from '../versions/version-order.ts';
import { VisitedConfigurations } from './visited-configurations.ts';

export interface SearchBudget {
  /** Operations that the search tries to place, and calls and returns that it looks ahead at. */
  stepsMax: number;
  bytesMax: number;
}

/** Operations are indexes into the key's history; `steps` is what the search has spent. */
export type SearchResult = { steps: number } & (
  | { kind: 'ok'; order: Int32Array }
  /** As in blocked-operation.ts: operations returned before `solvedBefore` can be linearized, those up to `illegalBy` can not. */
  | { kind: 'illegal'; solvedBefore: number; illegalBy: number }
  | { kind: 'unknown'; order: Int32Array; exhausted: 'steps' | 'bytes' }
);

/** Looks for a linearization of the operations of one key. */
export function search(history: KeyHistory, model: Model, budget: SearchBudget): SearchResult {
  const bounds = narrowIntervals(history);
  const contradiction = history.kind.includes(kinds.append) ? undefined : findContradiction(history, bounds);
  if (contradiction !== undefined) {
    return { kind: 'illegal', steps: history.count, solvedBefore: -Infinity, illegalBy: contradiction };
  }
  return new Search(history, model, bounds, budget).run();
}

const NONE = -1;
/** A frame that is not a choice: when the search comes back to it, there is nothing else to try. */
const FORCED = 1;

class Search {
  private readonly history: KeyHistory;
  private readonly model: Model;
  private readonly pending: PendingList;
  private readonly opens: OpenClasses;
  private readonly invoked: Float64Array;
  private readonly returned: Float64Array;
  private readonly visited: VisitedConfigurations;
  /** undefined where versions or appends, not values alone, connect the operations. */
  private readonly prospects: Prospects | undefined;
  /** The latest entry that was the first return of a configuration. */
  private furthest = 0;
  private readonly versions: VersionCursor;
  /** By rank: whether the search may forget what is behind once exactly the ranks up to it are placed. */
  private readonly cuts: Uint8Array;
  private readonly stepsMax: number;
  private tried = 0;
  private readonly bytesMax: number;

  private state: number;
  /** The state before the operation placed last, if that one is open; else NONE. */
  private unnoticed = NONE;
  private highestRank = -1;
  private following = NONE;

  private depth = 0;
  private floor = 0;
  private readonly placed: Int32Array;
  /** By depth: the entry of the call, or tail + 1 + class for an open operation. */
  private readonly choices: Int32Array;
  private readonly forced: Uint8Array;
  /** By depth: how many of the frames just below belong to this choice. */
  private readonly companions: Int32Array;
  private readonly states: Int32Array;
  private readonly unnoticeds: Int32Array;
  private readonly highestRanks: Int32Array;
  private key = new Int32Array(64);

  constructor(history: KeyHistory, model: Model, bounds: Bounds, budget: SearchBudget) {
    this.history = history;
    this.model = model;
    this.invoked = bounds.invoked;
    this.returned = bounds.returned;
    const every = Int32Array.from({ length: history.count }, (_, index) => index);
    const completed = every.filter((index) => this.returned[index] !== Infinity);
    this.pending = new PendingList(history, bounds, completed);
    this.opens = new OpenClasses(
      history,
      bounds.invoked,
      every.filter((index) => this.returned[index] === Infinity),
    );
    this.versions = new VersionCursor(history);
    const valuesConnect =
      !history.kind.includes(kinds.append) && history.version.every((version) => version === NO_VERSION);
    if (valuesConnect) this.prospects = new Prospects(history, this.pending, this.opens);
    this.cuts = findCuts(this.pending.operations, bounds, model);
    this.visited = new VisitedConfigurations(budget.bytesMax);
    this.stepsMax = budget.stepsMax;
    this.bytesMax = budget.bytesMax;
    this.state = model.initial;
    this.placed = new Int32Array(history.count);
    this.choices = new Int32Array(history.count);
    this.forced = new Uint8Array(history.count);
    this.companions = new Int32Array(history.count);
    this.states = new Int32Array(history.count);
    this.unnoticeds = new Int32Array(history.count);
    this.highestRanks = new Int32Array(history.count);
  }

  run(): SearchResult {
    let start = this.enter();
    for (;;) {
      if (start === 'done') return { kind: 'ok', steps: this.steps, order: this.placed.slice(0, this.depth) };
      if (start === 'full') return this.giveUp('bytes');
      if (this.steps > this.stepsMax) return this.giveUp('steps');
      const choice = start === 'hopeless' ? NONE : this.choose(start);
      if (choice !== NONE) {
        this.placeChoice(choice);
        start = this.enter();
        continue;
      }
      const resumed = this.takeBack();
      if (resumed === NONE) {
        const furthest = this.pending.operations[this.pending.ranks[this.furthest]!]!;
        return {
          kind: 'illegal',
          steps: this.steps,
          solvedBefore: this.returned[furthest]!,
          illegalBy: Infinity,
        };
      }
      start = resumed;
    }
  }

  private get steps(): number {
    return this.tried + (this.prospects?.entriesSeen ?? 0);
  }

  /** Arrives at a configuration. Returns where to begin choosing, or why there is nothing to choose. */
  private enter(): number | 'done' | 'hopeless' | 'full' {
    if (!this.model.leavesRoom(this.state, this.versions.nextPlace())) return 'hopeless';
    // Between an open operation and the one that notices it, the configuration is only half a step.
    if (this.unnoticed !== NONE) return this.pending.next[0]!;
    this.placeObservations();
    if (this.pending.size === 0) return 'done';
    this.furthest = Math.max(this.furthest, this.pending.firstReturn());
    const length = this.writeKey();
    if (length === 2 && this.highestRank >= 0 && this.cuts[this.highestRank] === 1) this.commit();
    if (this.visited.bytes + this.model.bytes() > this.bytesMax) return 'full';
    const entered = this.visited.enter(this.key, length, this.opens);
    if (entered === 'new') return this.pending.next[0]!;
    return entered === 'known' ? 'hopeless' : entered;
  }

  /**
   * An observation that may come next and is possible without a change of state is placed now. Nothing is lost: in any
   * linearization that continues from here it can be moved to this place, because no remaining operation must come before it and
   * it changes nothing for the others.
   */
  private placeObservations(): void {
    const { pending, history } = this;
    for (let entry = pending.next[0]!; pending.isReturn[entry] === 0; entry = pending.next[entry]!) {
      const operation = pending.operations[pending.ranks[entry]!]!;
      if (!observes(history.kind[operation]!) || !this.versions.allows(operation)) continue;
      this.tried++;
      this.following = this.model.step(this.state, operation);
      if (this.following === this.state) this.place(entry, FORCED);
    }
  }

  /** The next thing to try from `start` on: calls in the order of time, then classes of open operations. */
  private choose(start: number): number {
    const { pending, opens } = this;
    const prospects = this.unnoticed === NONE ? this.prospects : undefined;
    if (prospects !== undefined && !prospects.look(this.state)) return NONE;
    const first = pending.ranks[pending.firstReturn()]!;
    let entry = start;
    for (; entry < pending.tail && pending.isReturn[entry] === 0; entry = pending.next[entry]!) {
      const rank = pending.ranks[entry]!;
      const operation = pending.operations[rank]!;
      if (!this.versions.allows(operation) || !this.isNoticed(operation)) continue;
      if (prospects === undefined) return entry;
      if (!prospects.isLaterTwin(rank) && (rank === first || !prospects.isIdle(rank))) return entry;
    }
    const firstClass = pending.tail + 1;
    for (let index = Math.max(0, start - firstClass); index < opens.count; index++) {
      const operation = opens.peek(index);
      if (operation === undefined || this.invoked[operation]! > this.returned[pending.operations[first]!]!)
        continue;
      if (!this.isNoticed(operation)) continue;
      // No operation notices one that changes nothing; but a write that restores the state can hide idle ones before it.
      if (this.following !== this.state || this.hidesIdle(operation)) return firstClass + index;
    }
    return NONE;
  }

  private hidesIdle(operation: number): boolean {
    const { pending, prospects } = this;
    if (prospects === undefined || this.unnoticed !== NONE || !isBlind(this.history.kind[operation]!))
      return false;
    let entry = pending.next[0]!;
    while (pending.isReturn[entry] === 0 && !prospects.isIdle(pending.ranks[entry]!))
      entry = pending.next[entry]!;
    return pending.isReturn[entry] === 0;
  }

  /** Places what `choose` returned, and before a blind write the idle ones that it hides. */
  private placeChoice(choice: number): void {
    const { pending, prospects } = this;
    const open = choice > pending.tail;
    const operation = open
      ? this.opens.peek(choice - pending.tail - 1)!
      : pending.operations[pending.ranks[choice]!]!;
    let companions = 0;
    if (prospects !== undefined && this.unnoticed === NONE && isBlind(this.history.kind[operation]!)) {
      const end = pending.firstReturn();
      for (let entry = pending.next[0]!; entry < end; entry = pending.next[entry]!) {
        const rank = pending.ranks[entry]!;
        if (entry === choice || pending.isReturn[entry] === 1 || !prospects.isIdle(rank)) continue;
        this.following = this.model.step(this.state, pending.operations[rank]!);
        this.place(entry, FORCED);
        companions++;
      }
      this.following = this.model.step(this.state, operation);
    }
    this.companions[this.depth] = companions;
    this.place(choice, 0);
  }

  /**
   * Whether the operation is possible now and, if the one before it is open, whether that makes a difference to it. If
   * it leads to a state as good without the open operation W before it as with it, then W can be left out there: the
   * linearization without W goes on as well and has W still to use. So W only ever needs to be tried in front of an
   * operation that notices it: a read that needs its value, a cas, an append. Leaves the next state in `following`.
   */
  private isNoticed(operation: number): boolean {
    this.tried++;
    this.following = this.model.step(this.state, operation);
    if (this.following === IMPOSSIBLE) return false;
    if (this.unnoticed === NONE) return true;
    return !this.model.covers(this.model.step(this.unnoticed, operation), this.following);
  }

  /** Places what `choose` returned; `following` is the state after it. */
  private place(choice: number, forced: number): void {
    const { pending, depth } = this;
    this.choices[depth] = choice;
    this.forced[depth] = forced;
    this.states[depth] = this.state;
    this.unnoticeds[depth] = this.unnoticed;
    this.highestRanks[depth] = this.highestRank;
    if (choice < pending.tail) {
      const rank = pending.ranks[choice]!;
      this.placed[depth] = pending.operations[rank]!;
      pending.place(rank);
      this.unnoticed = NONE;
      this.highestRank = Math.max(this.highestRank, rank);
      this.versions.place(this.placed[depth]);
    } else {
      const index = choice - pending.tail - 1;
      this.placed[depth] = this.opens.peek(index)!;
      this.opens.place(index);
      this.unnoticed = this.state;
    }
    this.state = this.following;
    this.depth++;
  }

  /** Takes back the last choice, and what it forced. Returns where to go on choosing, or NONE when nothing is left. */
  private takeBack(): number {
    while (this.depth > this.floor) {
      const choice = this.takeBackFrame();
      if (this.forced[this.depth] === FORCED) continue;
      for (let companions = this.companions[this.depth]!; companions > 0; companions--) this.takeBackFrame();
      return choice > this.pending.tail ? choice + 1 : this.pending.next[choice]!;
    }
    return NONE;
  }

  private takeBackFrame(): number {
    const { pending } = this;
    const depth = --this.depth;
    const choice = this.choices[depth]!;
    this.state = this.states[depth]!;
    this.unnoticed = this.unnoticeds[depth]!;
    this.highestRank = this.highestRanks[depth]!;
    if (choice > pending.tail) {
      this.opens.takeBack(choice - pending.tail - 1);
    } else {
      pending.takeBack(pending.ranks[choice]!);
      this.versions.takeBack(this.placed[depth]!);
    }
    return choice;
  }

  /** The state, the highest rank placed, and the ranks below it that are not: all of them are before the first return. */
  private writeKey(): number {
    const { pending } = this;
    this.key[0] = this.state;
    this.key[1] = this.highestRank;
    let length = 2;
    for (let entry = pending.next[0]!; pending.isReturn[entry] === 0; entry = pending.next[entry]!) {
      const rank = pending.ranks[entry]!;
      if (rank > this.highestRank) break;
      if (length === this.key.length) this.key = doubled(this.key);
      this.key[length++] = rank;
    }
    return length;
  }

  /**
   * At a cut every way to get here has led to the same state. If it has used no open operation, no other way is better
   * than this one: what follows is impossible from here only if it is impossible from all of them. So nothing behind
   * this point need ever be taken back, and the memory of it can go.
   */
  private commit(): void {
    if (this.opens.inUse.length > 0) return;
    this.floor = this.depth;
    this.visited.clear();
  }

  private giveUp(exhausted: 'steps' | 'bytes'): SearchResult {
    return { kind: 'unknown', steps: this.steps, order: this.placed.slice(0, this.depth), exhausted };
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
