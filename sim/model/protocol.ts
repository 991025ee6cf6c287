/** The protocol of moves as a transition system: its actions, and what must hold in every state. */
import { effects, type Effects } from './records.ts';
import { beginAnew, type MoverSteps, moverSteps, type Step } from './mover-steps.ts';
import { type Bounds, type Deed, type Deeds, otherDeeds } from './other-deeds.ts';
import { keyOfMessage } from './state-key.ts';
import { draftOf, type Message, otherShard, type Place, type State } from './state.ts';

export interface Protocol {
  steps: MoverSteps;
  deeds: Deeds;
  effects: Effects;
}

export const protocol: Protocol = { steps: moverSteps, deeds: otherDeeds, effects };

export interface Transition {
  /** The action and its actor. */
  label: string;
  isFault: boolean;
  state: State;
}

/** The same, sorted for the look-up in every state: a mover's steps by its place. */
export interface Rules {
  stepsAt: ReadonlyMap<Place, readonly (readonly [name: string, step: Step])[]>;
  deeds: readonly (readonly [name: string, deed: Deed])[];
  effects: Effects;
}

export function rulesOf({ steps, deeds, effects: does }: Protocol): Rules {
  const stepsAt = Map.groupBy(Object.entries(steps), ([, { at }]) => at);
  return { stepsAt, deeds: Object.entries(deeds), effects: does };
}

/** All transitions that are possible next. */
export function* nextStates(rules: Rules, state: State, bounds: Bounds): Generator<Transition> {
  const { stepsAt, deeds, effects: does } = rules;
  const areAlike = state.movers.every(({ at }) => at === 'idle');
  for (const index of areAlike ? [0] : [0, 1])
    for (const [name, step] of stepsAt.get(state.movers[index]!.at) ?? [])
      yield* takeStep(does, state, { index, name, step, bounds });
  for (const [name, deed] of deeds) {
    const count = deed.of === 'operator' ? 1 : state[deed.of].length;
    for (let index = 0; index < count; index++) {
      if (!deed.isPossible(state, index, bounds)) continue;
      const draft = draftOf(state);
      deed.do(draft, index, does);
      const whom = deed.of === 'messages' ? tell(state.messages[index]!) : nameOf(deed.of, index);
      yield { label: `${name}${whom}`, isFault: deed.isFault, state: draft };
    }
  }
}

function* takeStep(
  does: Effects,
  state: State,
  { index, name, step, bounds }: { index: number; name: string; step: Step; bounds: Bounds },
): Generator<Transition> {
  const mover = state.movers[index]!;
  if (step.when?.(state, mover) === false) return;
  const label = `mover ${'AB'[index]}: ${name}`;
  if (step.isReady?.(state, mover) === false) {
    if (step.isRefused?.(state, mover) === false) return;
    const draft = draftOf(state);
    beginAnew(draft.movers[index]!);
    yield { label: `${label}, refused`, isFault: false, state: draft };
    return;
  }
  const draft = draftOf(state);
  const request = step.request?.(state, mover);
  if (request) does[request.kind](draft, request);
  step.after(draft, draft.movers[index]!, state);
  yield { label, isFault: false, state: draft };
  if (!request || state.messages.filter(({ kind }) => kind !== 'write').length >= bounds.late) return;
  const late = draftOf(state);
  addMessage(late, request);
  (step.whenLost ?? beginAnew)(late.movers[index]!);
  yield { label: `${label}, no answer`, isFault: true, state: late };
}

/** Two equal transactions count as one: the first to arrive makes the other void, or has all of its effects. */
function addMessage(state: State, added: Message): void {
  const key = keyOfMessage(added);
  if (state.messages.every((message) => keyOfMessage(message) !== key)) state.messages.push(added);
}

function nameOf(of: string, index: number): string {
  if (of === 'movers') return `: mover ${'AB'[index]}`;
  return of === 'writes' ? `: write ${index + 1}` : of === 'routes' ? `: writer ${index + 1}` : '';
}

function tell({ kind, target, value, move }: Message): string {
  const what = kind === 'write' ? `write ${value}` : `${kind} of move ${move}`;
  return `: ${what} at ${target === 'view' ? 'the view' : `shard ${target}`}`;
}

/** The name of an invariant that is broken, '' for none. */
export function brokenInvariant({ shards, view, truth, broken }: State): string {
  const [one, two] = shards;
  if (one.kind === 'owned' && two.kind === 'owned') return 'one owner';
  if (broken !== '') return broken;
  if (shards.some(({ kind, data }) => kind === 'owned' && data !== truth)) return 'no write is lost';
  const { kind } = shards[view.owner];
  return kind === 'owned' || kind === 'frozen' ? '' : 'the view names who has the slot';
}

/** Whether nothing is under way, every write has been answered, and no data are left where they do not belong. */
export function isAtRest({ shards, view, movers, writes, messages }: State): boolean {
  const other = shards[otherShard(view.owner)];
  return (
    view.move === 0 &&
    messages.length === 0 &&
    movers.every(({ at }) => at === 'idle') &&
    writes.every(({ told, isAwaited }) => told !== 'nothing' && !isAwaited) &&
    shards[view.owner].kind === 'owned' &&
    (other.kind === 'none' || other.kind === 'moved') &&
    other.data === 0
  );
}
