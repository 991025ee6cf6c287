/** The effects of transactions where they arrive: on the shards' records and data, and on the view. */
import {
  type Message,
  markerEvent,
  nothingGathered,
  otherShard,
  type Shard,
  type ShardIndex,
  type State,
  type Target,
  valueOf,
} from './state.ts';

export type Effects = Readonly<Record<Message['kind'], (state: State, message: Message) => void>>;

/** Older epochs count as this one. */
const oldestEpoch = -2;

export const effects: Effects = {
  write: (state, message) => takeWrite(state, message.target as ShardIndex, message.value),
  fill(state, { target, value }) {
    if (value !== nothingGathered) shardOf(state, target).data = value;
  },
  clear: (state, { target }) => void (shardOf(state, target).data = 0),
  claim: (state, { target, move }) => rewrite(state, target, { kind: 'importing', move }),
  freeze(state, { target, move }) {
    rewrite(state, target, { kind: 'frozen', move });
    tell(state, target, markerEvent);
  },
  unfreeze: takeBack,
  takeBack,
  giveUp(state, { target, epoch }) {
    // An unclaimed record is written unchanged: transactions that compare it become void all the same.
    const isClaimed = shardOf(state, target).kind === 'importing';
    rewrite(state, target, isClaimed ? { kind: 'moved', epoch, move: 0 } : {});
  },
  activate(state, { target, value, epoch, versionOffset }) {
    if (value !== nothingGathered) shardOf(state, target).data = value;
    rewrite(state, target, { kind: 'owned', move: 0, versionOffset });
    becomeOwner(state, shardOf(state, target), epoch);
  },
  leaveTombstone(state, { target }) {
    rewrite(state, target, { kind: 'moved', move: 0, epoch: shardOf(state, target).epoch + 1 });
  },
  publish(state) {
    state.view.owner = otherShard(state.view.from);
    dropVoid(state, 'view');
  },
  endMove(state) {
    Object.assign(state.view, { move: 0, isAborted: false });
    dropVoid(state, 'view');
  },
};

function takeBack(state: State, { target }: Message): void {
  const shard = shardOf(state, target);
  rewrite(state, target, { kind: 'owned', move: 0 });
  becomeOwner(state, shard, shard.epoch + 1);
}

/** Each process that has read the record before now holds an old one, and transactions that compare it become void. */
export function rewrite(state: State, target: Target, change: Partial<Shard>): void {
  Object.assign(shardOf(state, target), change);
  dropVoid(state, target);
  for (const mover of state.movers) {
    if (mover.record === target) mover.record = null;
    if (otherShard(mover.from) === target) mover.hasClaim = false;
  }
}

/** Drops the messages that compare the old record. A write among them is refused for certain, and may be sent again. */
export function dropVoid(state: State, target: Target): void {
  state.messages = state.messages.filter((message) => {
    if (message.target !== target || !message.isFenced) return true;
    if (message.kind === 'write') writeOf(state, message.value).isAwaited = false;
    return false;
  });
}

function becomeOwner(state: State, shard: Shard, epoch: number): void {
  if (epoch <= 0) breakRule(state, 'epochs rise');
  shard.epoch = epoch;
  if (epoch <= 0) return;
  for (const each of [...state.shards, ...state.movers]) each.epoch = shifted(each.epoch, epoch);
  state.messages = state.messages.map((message) => ({ ...message, epoch: shifted(message.epoch, epoch) }));
}

export function takeWrite(state: State, target: ShardIndex, number: number): void {
  const shard = state.shards[target];
  const write = writeOf(state, number);
  if (shard.kind !== 'owned') breakRule(state, 'only an owner takes writes');
  if (write.isApplied) breakRule(state, 'a write is applied once');
  if (write.told === 'failed') breakRule(state, 'what failed is not applied');
  write.isApplied = true;
  if (write.isAwaited) Object.assign(write, { isAwaited: false, told: 'ok' });
  shard.data = valueOf(number);
  shard.revision++;
  const version = shard.versionOffset + shard.revision;
  if (version <= state.version) breakRule(state, 'versions rise');
  state.version = version;
  state.truth = shard.data;
  tell(state, target, shard.data);
}

export function writeOf(state: State, number: number): State['writes'][number] {
  return state.writes[number - 1]!;
}

/** A second marker adds nothing. */
function tell(state: State, target: Target, event: number): void {
  for (const mover of state.movers) {
    if (mover.tail === null || mover.from !== target) continue;
    if (event === markerEvent && (mover.isMarked || mover.tail.includes(markerEvent))) continue;
    mover.tail = [...mover.tail, event];
  }
}

function shardOf(state: State, target: Target): Shard {
  if (target === 'view') throw new Error('the view is no shard');
  return state.shards[target];
}

function breakRule(state: State, rule: string): void {
  if (state.broken === '') state.broken = rule;
}

/** An epoch relative to the newest owner's, made relative to the next one's. */
function shifted(epoch: number, by: number): number {
  return Math.max(oldestEpoch, epoch - by);
}
