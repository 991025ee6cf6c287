/**
 * The model of one slot with one key: two shards, the view, two movers, two writers, and transactions of which nobody knows
 * whether they will arrive. Revisions are left out: a transaction that compares an old one can never change anything, so it is
 * dropped as soon as its revision is old. Thus the states are finite, however often a mover begins anew.
 */

export type ShardIndex = 0 | 1;
/** What a message compares, and changes: a shard's record, or the view. */
export type Target = ShardIndex | 'view';

/** 0: the key is missing. Write number n puts the value n, or deletes the key where n is even. */
export type Value = number;
/** The value that the key has from the beginning. */
const firstValue: Value = 9;
export const nothingGathered = -1;
/** In a tail: the marker of the frozen slot. */
export const markerEvent = -2;

export interface Shard {
  kind: 'none' | 'owned' | 'frozen' | 'importing' | 'moved';
  /** 0: the newest epoch in which the slot has had an owner; older ones are below, and -2 also stands for all before it. */
  epoch: number;
  versionOffset: number;
  /** The move that has frozen the slot, or imports it; else 0. */
  move: number;
  data: Value;
  /** Users' writes that it has taken: a version is made of this and the offset. */
  revision: number;
}

export interface View {
  owner: ShardIndex;
  /** The move under way, 0 when there is none; its source, or that of the last one. */
  move: number;
  from: ShardIndex;
  isAborted: boolean;
  /** Number of moves so far. */
  proposed: number;
}

/** Where a mover is: its next step. */
export type Place =
  | 'idle'
  | 'readDestination'
  | 'readDestinationToUndo'
  | 'readViewForClaim'
  | 'claim'
  | 'readSource'
  | 'verifyForTakeBack'
  | 'unfreeze'
  | 'clear'
  | 'copy'
  | 'fill'
  | 'tail'
  | 'verifyForFreeze'
  | 'freeze'
  | 'drain'
  | 'activate'
  | 'publish'
  | 'leaveTombstone'
  | 'clean'
  | 'endMove'
  | 'giveUp'
  | 'takeBack'
  | 'clearRemnants'
  | 'renew';

export interface Mover {
  at: Place;
  move: number;
  from: ShardIndex;
  /** The shard whose record it has read and will compare; null: none, or the record has changed since. */
  record: ShardIndex | null;
  /** The destination's record says `importing` with this mover's own attempt. */
  hasClaim: boolean;
  /** Another mover had claimed the slot before. */
  isTakeover: boolean;
  /** Events of the source since its copy that have not come yet; null: it watches nothing. */
  tail: readonly number[] | null;
  isMarked: boolean;
  /** The value that it has read and not yet written to the destination. */
  gathered: Value;
  /** The epoch of the frozen slot, as read when it stopped. */
  epoch: number;
  versionOffset: number;
  /** The place where it continues when it has renewed its claim. */
  next: Place;
}

export interface Write {
  /** Sent, and an answer is awaited. */
  isAwaited: boolean;
  told: 'nothing' | 'ok' | 'failed' | 'unknown';
  isApplied: boolean;
}

/** A transaction on its way. */
export interface Message {
  kind:
    | 'write'
    | 'fill'
    | 'clear'
    | 'claim'
    | 'freeze'
    | 'unfreeze'
    | 'takeBack'
    | 'giveUp'
    | 'activate'
    | 'leaveTombstone'
    | 'publish'
    | 'endMove';
  target: Target;
  /** Whether it changes nothing once the record has changed. */
  isFenced: boolean;
  /** The number of a write; else the value that is put, `nothingGathered` for none. */
  value: number;
  move: number;
  epoch: number;
  versionOffset: number;
}

export interface State {
  shards: [Shard, Shard];
  view: View;
  movers: [Mover, Mover];
  writes: Write[];
  /** The shard that each of the two writers believes to own the slot. */
  routes: [ShardIndex, ShardIndex];
  messages: Message[];
  /** The value that the last write taken by any shard has left, and the version that it got. */
  truth: Value;
  version: number;
  /** The invariant that the last step has broken, '' for none. */
  broken: string;
}

export const idleMover: Mover = {
  at: 'idle',
  move: 0,
  from: 0,
  record: null,
  hasClaim: false,
  isTakeover: false,
  tail: null,
  isMarked: false,
  gathered: nothingGathered,
  epoch: 0,
  versionOffset: 0,
  next: 'idle',
};

export function initialState(writes: number): State {
  const nobodys = { epoch: -2, versionOffset: 0, move: 0, revision: 0 };
  return {
    shards: [
      { ...nobodys, kind: 'owned', epoch: 0, data: firstValue },
      { ...nobodys, kind: 'none', data: 0 },
    ],
    view: { owner: 0, move: 0, from: 0, isAborted: false, proposed: 0 },
    movers: [idleMover, idleMover],
    writes: Array.from({ length: writes }, () => ({ isAwaited: false, told: 'nothing', isApplied: false })),
    routes: [0, 0],
    messages: [],
    truth: firstValue,
    version: 0,
    broken: '',
  };
}

/** A copy of a state, to be changed into the next one. */
export function draftOf({ shards, view, movers, writes, routes, messages, ...rest }: State): State {
  return {
    shards: [{ ...shards[0] }, { ...shards[1] }],
    view: { ...view },
    movers: [{ ...movers[0] }, { ...movers[1] }],
    writes: writes.map((write) => ({ ...write })),
    routes: [...routes],
    messages: [...messages],
    ...rest,
  };
}

export function otherShard(shard: ShardIndex): ShardIndex {
  return shard === 0 ? 1 : 0;
}

export function valueOf(write: number): Value {
  return write % 2 === 0 ? 0 : write;
}
