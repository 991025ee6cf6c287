/**
 * One text for each state, the same for states whose futures are the same: those that differ by the names of the movers, by
 * the order of messages, or by the outcome of writes that have been answered and are not on their way.
 */
import type { Message, Mover, Place, Shard, State, View, Write } from './state.ts';

const kinds = ['none', 'owned', 'frozen', 'importing', 'moved'] as const;
const told = ['nothing', 'ok', 'failed', 'unknown'] as const;
const messageKinds: readonly Message['kind'][] = [
  'write',
  'fill',
  'clear',
  'claim',
  'freeze',
  'unfreeze',
  'takeBack',
  'giveUp',
  'activate',
  'leaveTombstone',
  'publish',
  'endMove',
];
const places: readonly Place[] = [
  'idle',
  'readDestination',
  'readDestinationToUndo',
  'readViewForClaim',
  'claim',
  'readSource',
  'verifyForTakeBack',
  'unfreeze',
  'clear',
  'copy',
  'fill',
  'tail',
  'verifyForFreeze',
  'freeze',
  'drain',
  'activate',
  'publish',
  'leaveTombstone',
  'clean',
  'endMove',
  'giveUp',
  'takeBack',
  'clearRemnants',
  'renew',
];
const numberOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
const kindNumbers = numberOf(kinds);
const toldNumbers = numberOf(told);
const messageNumbers = numberOf(messageKinds);
const placeNumbers = numberOf(places);

/** Takes numbers from -8 on. */
const text = (...numbers: number[]) => String.fromCharCode(...numbers.map((number) => number + 8));

export function keyOf(state: State): string {
  const { shards, view, movers, writes, routes, messages } = state;
  const [one, two] = [keyOfMover(movers[0]), keyOfMover(movers[1])];
  const sent = messages.length < 2 ? messages.map(keyOfMessage) : messages.map(keyOfMessage).toSorted();
  const open = writes.map(
    ({ told: answer }, at) =>
      answer === 'nothing' || messages.some(({ kind, value }) => kind === 'write' && value === at + 1),
  );
  const areVersionsGiven = open.includes(true);
  return [
    keyOfShard(shards[0], areVersionsGiven),
    keyOfShard(shards[1], areVersionsGiven),
    keyOfView(view),
    ...writes.map((write, at) => (open[at] ? keyOfWrite(write) : '.')),
    ...routes.map((route, writer) => (hasMore(state, writer) ? text(route) : '.')),
    text(state.truth, areVersionsGiven ? state.version : 0),
    one < two ? one + two : two + one,
    ...sent,
    state.broken,
  ].join('');
}

/** Whether the writer has more to send; if not, its route makes no difference. */
function hasMore({ writes }: State, writer: number): boolean {
  return writes.some(({ told: answer }, at) => answer === 'nothing' && at % 2 === writer);
}

function keyOfShard(
  { kind, epoch, versionOffset, move, data, revision }: Shard,
  areVersionsGiven: boolean,
): string {
  const last = areVersionsGiven ? text(versionOffset, revision) : '.';
  return text(kindNumbers[kind], epoch, move, data) + last;
}

function keyOfView({ owner, move, from, isAborted, proposed }: View): string {
  return text(owner, move, from, Number(isAborted), proposed);
}

function keyOfWrite({ isAwaited, told: answer, isApplied }: Write): string {
  return text(Number(isAwaited), toldNumbers[answer], Number(isApplied));
}

function keyOfMover(mover: Mover): string {
  if (mover.at === 'idle') return '.';
  const { tail } = mover;
  return text(
    placeNumbers[mover.at],
    mover.move,
    mover.from,
    mover.record ?? 2,
    Number(mover.hasClaim),
    Number(mover.isTakeover),
    Number(mover.isMarked),
    mover.gathered,
    mover.epoch,
    mover.versionOffset,
    placeNumbers[mover.next],
    tail === null ? -8 : tail.length,
    ...(tail ?? []),
  );
}

export function keyOfMessage(message: Message): string {
  const { kind, target, isFenced, value, move, epoch, versionOffset } = message;
  const on = target === 'view' ? 2 : target;
  return text(messageNumbers[kind], on, Number(isFenced), value, move, epoch, versionOffset);
}
