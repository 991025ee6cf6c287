/**
 * The protocol of moves with one thing changed, each time so that it does not hold: the search can find every mistake that it
 * finds here. A variant with the name of a seeded bug is the same mistake in the model.
 */
import { canEnd } from '../../sim/model/explorer.ts';
import { goOn, isFrozenBy, message, moverSteps, sourceOf, type Step } from '../../sim/model/mover-steps.ts';
import { type Bounds, type Deed, otherDeeds, takeStray } from '../../sim/model/other-deeds.ts';
import { protocol, type Protocol } from '../../sim/model/protocol.ts';
import { effects, type Effects, rewrite } from '../../sim/model/records.ts';
import { markerEvent, nothingGathered } from '../../sim/model/state.ts';

export interface BrokenProtocol {
  name: string;
  /** The invariant of the shortest counterexample. */
  breaks: string;
  protocol: Protocol;
  /** Absent: the bounds of all the others. */
  bounds?: Bounds;
}

const step = (name: string): Step => moverSteps[name]!;
const deed = (name: string): Deed => otherDeeds[name]!;
const withSteps = (changes: Record<string, Partial<Step>>): Protocol => {
  const steps = Object.entries(changes).map(([name, change]) => [name, { ...step(name), ...change }]);
  return { ...protocol, steps: { ...moverSteps, ...Object.fromEntries(steps) } };
};
const withDeed = (name: string, change: Partial<Deed>): Protocol => ({
  ...protocol,
  deeds: { ...otherDeeds, [name]: { ...deed(name), ...change } },
});
const withEffects = (change: Partial<Effects>): Protocol => ({
  ...protocol,
  effects: { ...effects, ...change },
});
/** The same step, whose request compares nothing and asks for no claim. */
const unfenced = (name: string): Partial<Step> => ({
  isReady: () => true,
  request: (state, mover) => ({ ...step(name).request!(state, mover), isFenced: false }),
});

export const brokenProtocols: readonly BrokenProtocol[] = [
  {
    name: 'missing fence compare',
    breaks: 'only an owner takes writes',
    protocol: withDeed('a sharder sends', {
      do(state, index, does) {
        deed('a sharder sends').do(state, index, does);
        const sent = state.messages.pop()!;
        state.messages.push({ ...sent, isFenced: false });
      },
    }),
  },
  {
    name: 'fence by view epoch only',
    breaks: 'only an owner takes writes',
    protocol: withDeed('a sharder sends', {
      isPossible({ writes, routes, view }, index) {
        const { told, isAwaited } = writes[index]!;
        return told === 'nothing' && !isAwaited && routes[index % 2] === view.owner;
      },
      do(state, index, does) {
        deed('a sharder sends').do(state, index, does);
        const sent = state.messages.pop()!;
        state.messages.push({ ...sent, isFenced: false });
      },
    }),
  },
  {
    name: 'a late write accepted by the source after the hand-over',
    breaks: 'only an owner takes writes',
    protocol: withEffects({
      // A late message stays on its way when the slot stops.
      freeze(state, sent) {
        const late = state.messages.filter(({ kind }) => kind === 'write');
        effects.freeze(state, sent);
        state.messages.push(...late);
      },
    }),
  },
  {
    name: 'fence without identity',
    breaks: 'only an owner takes writes',
    protocol: withDeed('a write reaches another cluster', { do: takeStray }),
  },
  {
    name: 'retry of a put after an indefinite outcome',
    breaks: 'a write is applied once',
    protocol: {
      ...protocol,
      deeds: {
        ...withDeed('a sharder waits no longer', {
          do: ({ writes }, index) => void (writes[index]!.isAwaited = false),
        }).deeds,
        'a sharder refuses': { ...deed('a sharder refuses'), isPossible: () => false },
      },
    },
  },
  {
    name: '504 reported as definite failure',
    breaks: 'what failed is not applied',
    protocol: withDeed('a sharder waits no longer', {
      do: ({ writes }, index) => void Object.assign(writes[index]!, { isAwaited: false, told: 'failed' }),
    }),
  },
  {
    name: 'activate before drain',
    breaks: 'no write is lost',
    protocol: withSteps({ drain: { isReady: () => true } }),
  },
  {
    name: 'freeze without marker',
    breaks: 'no write is lost',
    protocol: {
      ...withSteps({ drain: { isReady: (_, { gathered }) => gathered === nothingGathered } }),
      effects: {
        ...effects,
        freeze: (state, { target, move }) => rewrite(state, target, { kind: 'frozen', move }),
      },
    },
  },
  {
    name: 'deletes not tailed',
    breaks: 'no write is lost',
    protocol: withDeed('the watch brings an event', {
      do({ movers }, index) {
        const mover = movers[index]!;
        const [event, ...rest] = mover.tail!;
        mover.tail = rest;
        if (event === markerEvent) mover.isMarked = true;
        else if (event! > 0) mover.gathered = event!;
      },
    }),
  },
  {
    name: 'copy at a moving revision',
    breaks: 'no write is lost',
    protocol: withSteps({
      // The next page is read after the first has been written, at a newer revision: the tail begins there.
      'write the copy': {
        after(state, mover, before) {
          step('write the copy').after(state, mover, before);
          mover.tail = mover.tail!.filter((event) => event === markerEvent);
        },
      },
    }),
  },
  {
    name: 'copy from whoever answers',
    breaks: 'no write is lost',
    protocol: withSteps({
      copy: {
        after(_, mover) {
          Object.assign(mover, { at: 'fill', gathered: nothingGathered, tail: [] });
        },
      },
    }),
  },
  {
    name: 'remnants not cleared',
    breaks: 'no write is lost',
    bounds: { writes: 2, moves: 1, late: 0 },
    protocol: withSteps({ 'clear the destination': { request: undefined } }),
  },
  {
    name: 'a lost write that does not renew the claim',
    breaks: 'no write is lost',
    protocol: withSteps({
      'write the copy': { whenLost: () => undefined },
      'write what the tail brought': { whenLost: () => undefined },
    }),
  },
  {
    name: 'a zombie mover not fenced',
    breaks: 'no write is lost',
    protocol: withSteps({
      'write the copy': unfenced('write the copy'),
      'write what the tail brought': unfenced('write what the tail brought'),
    }),
  },
  {
    name: 'activation without the claim',
    breaks: 'one owner',
    protocol: withSteps({ activate: unfenced('activate') }),
  },
  {
    name: 'source unfrozen before the destination gives up',
    breaks: 'one owner',
    protocol: withSteps({
      'read the destination': {
        after(state, mover, before) {
          if (isFrozenBy(mover, sourceOf(state, mover)))
            effects.unfreeze(state, message('unfreeze', mover.from, mover));
          step('read the destination').after(state, mover, before);
        },
      },
    }),
  },
  {
    name: 'an abort that takes back before the destination gives up',
    breaks: 'one owner',
    protocol: withSteps({
      'read the destination of an aborted move': {
        after(state, mover, before) {
          if (isFrozenBy(mover, sourceOf(state, mover)))
            effects.takeBack(state, message('takeBack', mover.from, mover));
          step('read the destination of an aborted move').after(state, mover, before);
        },
      },
    }),
  },
  {
    name: 'an abort that leaves the freeze of another mover to come',
    breaks: canEnd,
    bounds: { writes: 0, moves: 1, late: 1 },
    protocol: withSteps({
      'take back': {
        request(state, mover) {
          if (isFrozenBy(mover, sourceOf(state, mover))) return message('takeBack', mover.from, mover);
          return message('fill', mover.from, mover);
        },
      },
    }),
  },
  {
    name: 'an abort that forgets the source',
    breaks: canEnd,
    bounds: { writes: 0, moves: 1, late: 1 },
    protocol: withSteps({ 'take back': { request: undefined } }),
  },
  {
    name: 'tombstone dropped early',
    breaks: 'one owner',
    protocol: withEffects({
      // The old record, as if there had been no move.
      leaveTombstone: (state, { target }) => rewrite(state, target, { kind: 'owned', move: 0 }),
    }),
  },
  {
    name: 'version offset not raised',
    breaks: 'versions rise',
    protocol: withSteps({
      activate: {
        request(state, mover) {
          const { versionOffset } = sourceOf(state, mover);
          return { ...step('activate').request!(state, mover), versionOffset };
        },
      },
    }),
  },
  {
    name: 'activated at the epoch of the source',
    breaks: 'epochs rise',
    protocol: withSteps({
      activate: {
        request: (state, mover) => ({ ...step('activate').request!(state, mover), epoch: mover.epoch }),
      },
    }),
  },
  {
    name: 'clean before publish',
    breaks: 'the view names who has the slot',
    protocol: withSteps({
      activate: { after: (_, mover) => goOn(mover, 'leaveTombstone') },
      'end the move': { after: (_, mover) => goOn(mover, 'publish') },
    }),
  },
  {
    name: 'a move ended before its slots are published',
    breaks: 'the view names who has the slot',
    protocol: withSteps({ publish: { request: undefined } }),
  },
  {
    name: 'the original: delete, hold in memory, set',
    breaks: 'no write is lost',
    protocol: withSteps({
      copy: {
        after(state, mover, before) {
          step('copy').after(state, mover, before);
          sourceOf(state, mover).data = 0;
        },
      },
    }),
  },
  {
    name: 'a claim without another look at the view',
    breaks: 'one owner',
    protocol: withSteps({ 'read the view for a claim': { isReady: () => true } }),
  },
];
