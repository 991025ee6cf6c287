/** Searches every state that the protocol can reach, breadth first, so that a counterexample is a shortest one. */
import type { Bounds } from './other-deeds.ts';
import { brokenInvariant, isAtRest, nextStates, type Protocol, rulesOf } from './protocol.ts';
import { keyOf } from './state-key.ts';
import { initialState, type State } from './state.ts';

export interface SearchOptions {
  bounds: Bounds;
  statesMax: number;
  /** Sees every transition, once for each state that it leads from. */
  onTransition?: (from: State, to: State, label: string) => void;
}

export interface SearchReport {
  states: number;
  transitions: number;
  /** Steps to the furthest state. */
  depth: number;
  /** Null: every invariant holds in every state, and each state can come to rest without another fault. */
  counterexample: Counterexample | null;
}

export interface Counterexample {
  invariant: string;
  actions: readonly string[];
  state: State;
}

export const canEnd = 'a move can always end';

/** @throws Error when there are more states than `statesMax`: the protocol has not been searched to the end. */
export function search(protocol: Protocol, { bounds, statesMax, onTransition }: SearchOptions): SearchReport {
  const graph = new Graph();
  const rules = rulesOf(protocol);
  const start = initialState(bounds.writes);
  graph.add(keyOf(start), -1, '');
  let layer: { state: State; number: number }[] = [{ state: start, number: 0 }];
  let depth = 0;
  for (let next: typeof layer = []; layer.length > 0; layer = next, next = []) {
    for (const { state, number } of layer) {
      const invariant = brokenInvariant(state);
      if (invariant !== '') return graph.report(depth, { invariant, actions: graph.pathTo(number), state });
      if (isAtRest(state)) graph.resting.push(number);
      for (const transition of nextStates(rules, state, bounds)) {
        const key = keyOf(transition.state);
        const known = graph.find(key);
        const to = known ?? graph.add(key, number, transition.label);
        if (to === number) continue;
        graph.connect(number, to, transition.isFault);
        onTransition?.(state, transition.state, transition.label);
        if (known === undefined) next.push({ state: transition.state, number: to });
      }
      if (graph.states > statesMax)
        throw new Error(`the model has more than ${statesMax} states: it was not searched to the end`);
    }
    if (next.length > 0) depth++;
  }
  const stuck = graph.findStuck();
  if (stuck === null) return graph.report(depth, null);
  const actions = graph.pathTo(stuck);
  return graph.report(depth, { invariant: canEnd, actions, state: replay(protocol, bounds, actions) });
}

/** The state to which these actions lead. */
export function replay(protocol: Protocol, bounds: Bounds, actions: readonly string[]): State {
  const rules = rulesOf(protocol);
  let state = initialState(bounds.writes);
  for (const action of actions) {
    const step = [...nextStates(rules, state, bounds)].find(({ label }) => label === action);
    if (step === undefined) throw new Error(`nobody can "${action}" there`);
    state = step.state;
  }
  return state;
}

/** States by number, in the order in which they were found. */
class Graph {
  readonly resting: number[] = [];
  transitions = 0;
  private readonly numbers = new Map<string, number>();
  private readonly parents: number[] = [];
  private readonly labels: string[] = [];
  /** Transitions without a fault, as pairs of numbers. */
  private readonly sources: number[] = [];
  private readonly targets: number[] = [];

  get states(): number {
    return this.numbers.size;
  }

  find(key: string): number | undefined {
    return this.numbers.get(key);
  }

  add(key: string, parent: number, label: string): number {
    const number = this.numbers.size;
    this.numbers.set(key, number);
    this.parents.push(parent);
    this.labels.push(label);
    return number;
  }

  connect(from: number, to: number, isFault: boolean): void {
    this.transitions++;
    if (isFault) return;
    this.sources.push(from);
    this.targets.push(to);
  }

  pathTo(number: number): string[] {
    const path: string[] = [];
    for (let at = number; at > 0; at = this.parents[at]!) path.push(this.labels[at]!);
    return path.toReversed();
  }

  /** The first state from which nothing leads to rest without a fault. */
  findStuck(): number | null {
    const { states, sources, targets } = this;
    // The transitions, sorted by the state that they lead to: those to one state stand together, from its `first` on.
    const first = new Uint32Array(states + 1);
    for (const to of targets) first[to + 1]!++;
    for (let at = 0; at < states; at++) first[at + 1]! += first[at]!;
    const filled = first.slice();
    const into = new Uint32Array(sources.length);
    for (const [at, to] of targets.entries()) into[filled[to]!++] = sources[at]!;
    const canRest = new Uint8Array(states);
    const waiting = [...this.resting];
    for (const number of waiting) canRest[number] = 1;
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      for (let at = first[number]!; at < first[number + 1]!; at++) {
        if (canRest[into[at]!]) continue;
        canRest[into[at]!] = 1;
        waiting.push(into[at]!);
      }
    }
    const stuck = canRest.indexOf(0);
    return stuck === -1 ? null : stuck;
  }

  report(depth: number, counterexample: Counterexample | null): SearchReport {
    return { states: this.states, transitions: this.transitions, depth, counterexample };
  }
}
