/**
 * What the model knows of one slot with one key: two shards, the view, two movers, two writers, and transactions of which
 * nobody knows whether they will arrive. Revisions are left out: whatever compares one that is not the newest any more can
 * change nothing, ever, so it is dropped as soon as that is so. Thus the states are finite, however often a mover begins anew.
 */

export type ShardIndex = 0 | 1;
/** What of a message is compared, and changed: a shard's record, or the view. */
export type Target = ShardIndex | 'view';

/** 0: the key is not there. Write number n puts the value n, or deletes the key where n is even. */
export type Value = number;
/** The value that the key has from the beginning. */
const firstValue: Value = 9;
export const nothingGathered = -1;
/** In a tail: the marker of the frozen slot. */
export const markerEvent = -2;

export interface Shard {
  kind: 'none' | 'owned' | 'frozen' | 'importing' | 'moved';
  /** 0: the newest at which the slot has had an owner; the others below, and -2 is as old as -3. */
  epoch: number;
  versionOffset: number;
  /** That has frozen it, or imports it; else 0. */
  move: number;
  data: Value;
  /** Users' writes that it has taken: what a version is made of, with the offset. */
  revision: number;
}

export interface View {
  owner: ShardIndex;
  /** The move under way, 0 when there is none; its source, or that of the last one. */
  move: number;
  from: ShardIndex;
  isAborted: boolean;
  /** Moves that there have been. */
  proposed: number;
}

/** Where a mover stands: the step that it does next. */
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
  /** The shard whose record it has read and will compare; null: none, or another one stands there by now. */
  record: ShardIndex | null;
  /** The destination's record says `importing` with this mover's own attempt. */
  hasClaim: boolean;
  /** Somebody had claimed the slot before it. */
  isTakeover: boolean;
  /** Events of the source since its copy that have not come yet; null: it watches nothing. */
  tail: readonly number[] | null;
  isMarked: boolean;
  /** What it has read and not yet written to the destination. */
  gathered: Value;
  /** Of the frozen slot, as read when it stopped. */
  epoch: number;
  versionOffset: number;
  /** Where it goes on when it has renewed its claim. */
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
  /** Whether it changes nothing once the record is another one. */
  isFenced: boolean;
  /** Of a write, its number; else what is put, `nothingGathered` for nothing. */
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
  /** Where each of the two writers believes the slot to be. */
  routes: [ShardIndex, ShardIndex];
  messages: Message[];
  /** What the last write that any shard took has left, and the version that it got. */
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

/** A state of one's own, to be changed into the next. */
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
