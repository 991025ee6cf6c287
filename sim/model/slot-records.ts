/**
 * The records of one slot: all of the model that an observer sees, in the simulator or on a real cluster, without knowledge of
 * the movers' state and the messages on their way.
 */
import { otherShard, type Shard, type State } from './state.ts';

export interface SlotRecords {
  /** The slot's state at the two shards of the newest move, with `(old)` when it stems from a move before that one. */
  source: string;
  destination: string;
  /** Which of the two shards the view names as owner. */
  owner: 'source' | 'destination';
  move: 'open' | 'aborted' | 'over';
}

/** Stands between the records before a move is asked for and those after it: source and destination are named anew. */
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

/** The steps of the records in a transition; none where an observer sees no change. */
export function stepsOf(from: State, to: State): string[] {
  const [before, after] = [recordsText(recordsOf(from)), recordsText(recordsOf(to))];
  if (from.view.proposed !== to.view.proposed)
    return [stepText(before, moveIsAsked), stepText(moveIsAsked, after)];
  return before === after ? [] : [stepText(before, after)];
}

function kindText({ kind, move }: Shard, newest: number): string {
  return (kind === 'frozen' || kind === 'importing') && move !== newest ? `${kind}(old)` : kind;
}
