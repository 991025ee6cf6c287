/**
 * The steps of a mover, in the order of the protocol's page. A step with a request is a transaction that compares what the
 * mover has read: it is done and answered; or its answer is lost, so that it may be done later or never; or it is refused.
 * A step without one reads. A mover whose step is refused remembers nothing and begins anew, like one that crashed.
 *
 * Left out: the probe (for speed alone), pages (each page of a copy is of one revision), the rewriting of a record for other
 * slots (crashes and lost messages have all of its effects), and members' disks (a shard is one linearizable etcd).
 */
import {
  idleMover,
  markerEvent,
  type Message,
  type Mover,
  nothingGathered,
  otherShard,
  type Place,
  type Shard,
  type State,
  type Target,
} from './state.ts';

export interface Step {
  at: Place;
  /** The function of the product, by its file in cluster/resharding. */
  standsFor: string;
  /** Absent: always. */
  when?: (state: State, mover: Mover) => boolean;
  /** Whether the conditions on which the mover relies hold; else the step is refused. Absent: they always do. */
  isReady?: (state: State, mover: Mover) => boolean;
  /** Whether a step that is not ready may be refused, and not only waited for. Absent: it is refused. */
  isRefused?: (state: State, mover: Mover) => boolean;
  request?: ((state: State, mover: Mover) => Message) | undefined;
  /** Called after the request has been done, with the state before it. */
  after: (state: State, mover: Mover, before: State) => void;
  /** Called when its answer is lost; absent: the mover begins anew. */
  whenLost?: (mover: Mover) => void;
}

export type MoverSteps = Readonly<Record<string, Step>>;

const hasClaim = (_: State, mover: Mover) => mover.hasClaim;
const isInView = ({ view }: State, { move }: Mover) => view.move === move;
const hasSource = (_: State, mover: Mover) => mover.record === mover.from;
const isNobodys = ({ kind }: Shard) => kind === 'none' || kind === 'moved';
const mayTakeBack = (state: State, mover: Mover) =>
  sourceOf(state, mover).kind === 'owned' || isFrozenBy(mover, sourceOf(state, mover));
const onceMore = (place: Place) => (mover: Mover) => void Object.assign(mover, { at: 'renew', next: place });

export const moverSteps: MoverSteps = {
  'look at the view': {
    at: 'idle',
    standsFor: 'move-driver.ts step',
    when: ({ view }) => view.move !== 0,
    after({ view }, mover) {
      const { move, from, isAborted } = view;
      Object.assign(mover, { at: isAborted ? 'readDestinationToUndo' : 'readDestination', move, from });
    },
  },
  'read the destination': {
    at: 'readDestination',
    standsFor: 'move-driver.ts step, destination-claim.ts take',
    after(state, mover) {
      if (destinationOf(state, mover).kind === 'owned') mover.at = 'publish';
      else Object.assign(mover, { at: 'readViewForClaim', record: toOf(mover) });
    },
  },
  'read the destination of an aborted move': {
    at: 'readDestinationToUndo',
    standsFor: 'move-driver.ts step',
    after(state, mover) {
      mover.at = destinationOf(state, mover).kind === 'owned' ? 'publish' : 'giveUp';
    },
  },
  'read the view for a claim': {
    at: 'readViewForClaim',
    standsFor: 'destination-claim.ts take',
    isReady: (state, mover) =>
      isInView(state, mover) && !state.view.isAborted && destinationOf(state, mover).kind !== 'owned',
    after: (_, mover) => void (mover.at = 'claim'),
  },
  claim: {
    at: 'claim',
    standsFor: 'destination-claim.ts take',
    isReady: (_, mover) => mover.record === toOf(mover),
    request: (_, mover) => message('claim', toOf(mover), mover),
    after(_, mover, before) {
      const isTakeover = destinationOf(before, mover).kind === 'importing';
      Object.assign(mover, { at: 'readSource', hasClaim: true, isTakeover });
    },
  },
  'read the source': {
    at: 'readSource',
    standsFor: 'move-driver.ts unfreeze',
    after(state, mover) {
      const mustRewrite = mover.isTakeover || isFrozenBy(mover, sourceOf(state, mover));
      Object.assign(mover, { record: mover.from, isTakeover: false });
      Object.assign(mover, mustRewrite ? { at: 'verifyForTakeBack' } : { at: 'clear', record: null });
    },
  },
  'verify the claim before the source takes back': {
    at: 'verifyForTakeBack',
    standsFor: 'destination-claim.ts verify',
    isReady: hasClaim,
    after: (_, mover) => void (mover.at = 'unfreeze'),
  },
  unfreeze: {
    at: 'unfreeze',
    standsFor: 'move-driver.ts takeBack',
    isReady: (state, mover) => hasSource(state, mover) && mayTakeBack(state, mover),
    request: (_, mover) => message('unfreeze', mover.from, mover),
    after: (_, mover) => void (mover.at = 'clear'),
  },
  'clear the destination': {
    at: 'clear',
    standsFor: 'clear-slots.ts clearSlots',
    isReady: hasClaim,
    request: (_, mover) => message('clear', toOf(mover), mover),
    after: (_, mover) => void (mover.at = 'copy'),
    whenLost: onceMore('clear'),
  },
  copy: {
    at: 'copy',
    standsFor: 'copy-slots.ts copyPages, source-tail.ts cover',
    after(state, mover) {
      const { data } = sourceOf(state, mover);
      const isMarked = isFrozenBy(mover, sourceOf(state, mover));
      Object.assign(mover, { at: 'fill', gathered: data === 0 ? nothingGathered : data, tail: [], isMarked });
    },
  },
  'write the copy': {
    at: 'fill',
    standsFor: 'fenced-writer.ts write',
    isReady: hasClaim,
    request: (_, mover) => message('fill', toOf(mover), mover, { value: mover.gathered }),
    after: (_, mover) => void Object.assign(mover, { at: 'tail', gathered: nothingGathered }),
    whenLost: onceMore('fill'),
  },
  'write what the tail brought': {
    at: 'tail',
    standsFor: 'hand-over.ts catchUp',
    when: (_, mover) => mover.gathered !== nothingGathered,
    isReady: hasClaim,
    request: (_, mover) => message('fill', toOf(mover), mover, { value: mover.gathered }),
    after: (_, mover) => void (mover.gathered = nothingGathered),
    whenLost: onceMore('tail'),
  },
  'renew the claim': {
    at: 'renew',
    standsFor: 'destination-claim.ts renew',
    isReady: hasClaim,
    request: (_, mover) => message('claim', toOf(mover), mover),
    after: (_, mover) => void Object.assign(mover, { at: mover.next, next: 'idle', hasClaim: true }),
  },
  'read the source for the freeze': {
    at: 'tail',
    standsFor: 'hand-over.ts tryToFreeze',
    isReady: (state, mover) =>
      sourceOf(state, mover).kind === 'owned' || isFrozenBy(mover, sourceOf(state, mover)),
    after(state, mover) {
      if (isFrozenBy(mover, sourceOf(state, mover))) noteEnd(state, mover);
      else Object.assign(mover, { at: 'verifyForFreeze', record: mover.from });
    },
  },
  'verify the claim before the freeze': {
    at: 'verifyForFreeze',
    standsFor: 'destination-claim.ts verify',
    isReady: hasClaim,
    after: (_, mover) => void (mover.at = 'freeze'),
  },
  freeze: {
    at: 'freeze',
    standsFor: 'hand-over.ts tryToFreeze',
    isReady: hasSource,
    request: (_, mover) => message('freeze', mover.from, mover),
    after: noteEnd,
  },
  drain: {
    at: 'drain',
    standsFor: 'hand-over.ts stopAndActivate, source-tail.ts areAllMarked',
    isReady: (_, mover) => mover.isMarked,
    isRefused: (_, mover) => !mover.isMarked && !mover.tail!.includes(markerEvent),
    after: (_, mover) => void Object.assign(mover, { at: 'activate', tail: null }),
  },
  activate: {
    at: 'activate',
    standsFor: 'destination-claim.ts activate',
    isReady: hasClaim,
    request: (_, mover) => {
      const { gathered: value, epoch, versionOffset } = mover;
      return message('activate', toOf(mover), mover, { value, epoch: epoch + 1, versionOffset });
    },
    after: (_, mover) => goOn(mover, 'publish'),
  },
  publish: {
    at: 'publish',
    standsFor: 'move-driver.ts finish, published',
    isReady: isInView,
    request: (_, mover) => message('publish', 'view', mover),
    after: (_, mover) => goOn(mover, 'leaveTombstone'),
  },
  'leave a tombstone': {
    at: 'leaveTombstone',
    standsFor: 'move-driver.ts leaveTombstones',
    when: (state, mover) => isFrozenBy(mover, sourceOf(state, mover)),
    request: (_, mover) => message('leaveTombstone', mover.from, mover),
    after: (_, mover) => void (mover.at = 'clean'),
  },
  'find the tombstone': {
    at: 'leaveTombstone',
    standsFor: 'move-driver.ts leaveTombstones',
    when: (state, mover) => !isFrozenBy(mover, sourceOf(state, mover)),
    after: (_, mover) => void (mover.at = 'clean'),
  },
  clean: {
    at: 'clean',
    standsFor: 'clear-slots.ts clearSlots, move-driver.ts writerOf',
    isReady: (state, mover) => isNobodys(sourceOf(state, mover)),
    request: (_, mover) => message('clear', mover.from, mover),
    after: (_, mover) => void (mover.at = 'endMove'),
    whenLost: () => undefined,
  },
  'end the move': {
    at: 'endMove',
    standsFor: 'move-driver.ts finish and rollBack, withoutMove',
    isReady: isInView,
    request: (_, mover) => message('endMove', 'view', mover),
    after: (_, mover) => beginAnew(mover),
  },
  'give up the claim': {
    at: 'giveUp',
    standsFor: 'move-driver.ts giveUp',
    isReady: (state, mover) => destinationOf(state, mover).kind !== 'owned',
    request: (state, mover) => message('giveUp', toOf(mover), mover, { epoch: sourceOf(state, mover).epoch }),
    after: (_, mover) => void (mover.at = 'takeBack'),
  },
  'take back': {
    at: 'takeBack',
    standsFor: 'move-driver.ts rollBack, takeBack',
    isReady: mayTakeBack,
    request: (_, mover) => message('takeBack', mover.from, mover),
    after: (_, mover) => void (mover.at = 'clearRemnants'),
  },
  'clear what was copied': {
    at: 'clearRemnants',
    standsFor: 'clear-slots.ts clearSlots, move-driver.ts writerOf',
    isReady: (state, mover) => isNobodys(destinationOf(state, mover)),
    request: (_, mover) => message('clear', toOf(mover), mover),
    after: (_, mover) => void (mover.at = 'endMove'),
    whenLost: () => undefined,
  },
};

/** The source is frozen: its record says with which version the destination begins. */
function noteEnd(state: State, mover: Mover): void {
  const { epoch, versionOffset, revision } = sourceOf(state, mover);
  Object.assign(mover, { at: 'drain', record: null, epoch, versionOffset: versionOffset + revision });
}

export function beginAnew(mover: Mover): void {
  Object.assign(mover, idleMover);
}

export function goOn(mover: Mover, at: Place): void {
  const { move, from } = mover;
  Object.assign(mover, idleMover, { at, move, from });
}

export function message(
  kind: Message['kind'],
  target: Target,
  { move }: Pick<Mover, 'move'>,
  more: Partial<Message> = {},
): Message {
  return { kind, target, move, isFenced: true, value: nothingGathered, epoch: 0, versionOffset: 0, ...more };
}

export function sourceOf(state: State, { from }: Mover): Shard {
  return state.shards[from];
}

function destinationOf(state: State, mover: Mover): Shard {
  return state.shards[toOf(mover)];
}

const toOf = ({ from }: Mover) => otherShard(from);

export function isFrozenBy({ move }: Mover, shard: Shard): boolean {
  return shard.kind === 'frozen' && shard.move === move;
}
