/**
 * What the records say of one slot: all of the model that an onlooker sees, in the simulator or on a real cluster, without
 * knowing what movers think and what is on its way.
 */
import { otherShard, type Shard, type State } from './state.ts';

export interface SlotRecords {
  /** What it is at the two shards of the newest move, `(old)` when it is so for a move before that one. */
  source: string;
  destination: string;
  /** Which of the two the view names. */
  owner: 'source' | 'destination';
  move: 'open' | 'aborted' | 'over';
}

/** In front of a first move, and behind it: what is the source and what the destination begins anew. */
export const moveIsAsked = 'a move is asked for';

export function stepText(before: string, after: string): string {
  return `${before} > ${after}`;
}

export function recordsText({ source, destination, owner, move }: SlotRecords): string {
  return `${source} ${destination}, view: ${owner}, move: ${move}`;
}

function recordsOf({ shards, view }: State): SlotRecords {
  const { from, owner, move, isAborted, proposed } = view;
  return {
    source: kindText(shards[from], proposed),
    destination: kindText(shards[otherShard(from)], proposed),
    owner: owner === from ? 'source' : 'destination',
    move: move === 0 ? 'over' : isAborted ? 'aborted' : 'open',
  };
}

/** Every step of the records that a transition is; none where it changes nothing that an onlooker sees. */
export function stepsOf(from: State, to: State): string[] {
  const [before, after] = [recordsText(recordsOf(from)), recordsText(recordsOf(to))];
  if (from.view.proposed !== to.view.proposed)
    return [stepText(before, moveIsAsked), stepText(moveIsAsked, after)];
  return before === after ? [] : [stepText(before, after)];
}

function kindText({ kind, move }: Shard, newest: number): string {
  return (kind === 'frozen' || kind === 'importing') && move !== newest ? `${kind}(old)` : kind;
}
