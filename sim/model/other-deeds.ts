/**
 * All actions besides the steps of movers: operators ask for moves, writers write by stale views, the watch brings events,
 * messages arrive late, go astray or never arrive, and movers crash or pause (during a pause another process acts).
 */
import { dropVoid, type Effects, takeWrite, writeOf } from './records.ts';
import { beginAnew, message } from './mover-steps.ts';
import { markerEvent, type ShardIndex, type State } from './state.ts';

export interface Deed {
  /** The function of the product, or the fault of the world. */
  standsFor: string;
  /** The things it is done to, each by its index. */
  of: 'movers' | 'writes' | 'routes' | 'messages' | 'operator';
  /** A move can end without it. */
  isFault: boolean;
  isPossible(state: State, index: number, bounds: Bounds): boolean;
  do(state: State, index: number, effects: Effects): void;
}

export interface Bounds {
  writes: number;
  moves: number;
  /** Transactions of movers that may be late at the same time. */
  late: number;
}

export type Deeds = Readonly<Record<string, Deed>>;

export const otherDeeds: Deeds = {
  'ask for a move': {
    standsFor: 'view-changes.ts withMoves',
    of: 'operator',
    isFault: true,
    isPossible: ({ view }, _, { moves }) => view.move === 0 && view.proposed < moves,
    do(state) {
      const { view } = state;
      view.proposed++;
      Object.assign(view, { move: view.proposed, from: view.owner });
      dropVoid(state, 'view');
    },
  },
  'ask for an abort': {
    standsFor: 'view-changes.ts withAbort',
    of: 'operator',
    isFault: true,
    isPossible: ({ view }) => view.move !== 0 && !view.isAborted && view.owner === view.from,
    do(state) {
      state.view.isAborted = true;
      dropVoid(state, 'view');
    },
  },
  'a sharder sends': {
    standsFor: 'transaction.ts buildTransaction: under the record that it knows, where that owns the slot',
    of: 'writes',
    isFault: false,
    isPossible(state, index) {
      const { told, isAwaited } = state.writes[index]!;
      return told === 'nothing' && !isAwaited && state.shards[routeOf(state, index)].kind === 'owned';
    },
    do(state, index) {
      state.writes[index]!.isAwaited = true;
      state.messages.push(message('write', routeOf(state, index), { move: 0 }, { value: index + 1 }));
    },
  },
  'a sharder refuses': {
    standsFor: 'shard.ts: 503, what was not sent or was rejected',
    of: 'writes',
    isFault: true,
    isPossible: ({ writes }, index) => writes[index]!.told === 'nothing' && !writes[index]!.isAwaited,
    do: ({ writes }, index) => void (writes[index]!.told = 'failed'),
  },
  'a sharder waits no longer': {
    standsFor: 'shard.ts: 504, what was sent may be applied',
    of: 'writes',
    isFault: true,
    isPossible: ({ writes }, index) => writes[index]!.isAwaited,
    do: ({ writes }, index) => void Object.assign(writes[index]!, { isAwaited: false, told: 'unknown' }),
  },
  'a sharder learns the view': {
    standsFor: 'view-watch.ts, store.ts adopt',
    of: 'routes',
    isFault: false,
    isPossible: ({ routes, view, writes }, index) =>
      routes[index] !== view.owner && writes.some(({ told }, at) => told === 'nothing' && at % 2 === index),
    do: ({ routes, view }, index) => void (routes[index] = view.owner),
  },
  'the watch brings an event': {
    standsFor: 'source-tail.ts takeEvents',
    of: 'movers',
    isFault: false,
    // Earlier or later makes no difference: events that have come are used in these two places.
    isPossible: ({ movers }, index) => {
      const { at, tail } = movers[index]!;
      return (at === 'tail' || at === 'drain') && tail !== null && tail.length > 0;
    },
    do({ movers }, index) {
      const mover = movers[index]!;
      const [event, ...rest] = mover.tail!;
      mover.tail = rest;
      if (event === markerEvent) mover.isMarked = true;
      else mover.gathered = event!;
    },
  },
  'a mover crashes': {
    standsFor: 'a crash, a stop, a deadline: move-driver.ts run',
    of: 'movers',
    isFault: true,
    isPossible: ({ movers }, index) => movers[index]!.at !== 'idle',
    do: ({ movers }, index) => beginAnew(movers[index]!),
  },
  'a message arrives': {
    standsFor: 'a transaction under a record that is still in force',
    of: 'messages',
    isFault: false,
    isPossible: () => true,
    do(state, index, effects) {
      const [arrived] = state.messages.splice(index, 1);
      effects[arrived!.kind](state, arrived!);
    },
  },
  'a message is lost': {
    standsFor: 'ports.ts RpcResult lost, never applied',
    of: 'messages',
    isFault: true,
    isPossible: () => true,
    do(state, index) {
      const [lost] = state.messages.splice(index, 1);
      if (lost!.kind !== 'write') return;
      const write = writeOf(state, lost!.value);
      if (write.isAwaited) Object.assign(write, { isAwaited: false, told: 'unknown' });
    },
  },
  'a write reaches another cluster': {
    standsFor: 'fence.ts fenceKey: the key that is compared has the identity in it, and is not there',
    of: 'messages',
    isFault: true,
    isPossible: ({ messages }, index) => messages[index]!.kind === 'write',
    do(state, index) {
      const [stray] = state.messages.splice(index, 1);
      writeOf(state, stray!.value).isAwaited = false;
    },
  },
};

/** Writes of odd number belong to the first writer. */
function routeOf({ routes }: State, index: number): ShardIndex {
  return routes[index % 2]!;
}

/** What an unfenced cluster does with a write that was meant for another one. */
export function takeStray(state: State, index: number): void {
  const [stray] = state.messages.splice(index, 1);
  takeWrite(state, stray!.target === 0 ? 1 : 0, stray!.value);
}
