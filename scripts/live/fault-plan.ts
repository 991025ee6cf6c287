/**
 * The plan of the nemesis, drawn from a seed as plain data: one endless list of strikes for each shard and one for the
 * sharders. The victim of a strike is known only when it falls, because leaders change.
 */
import type { RandomStream } from '../../sim/kernel/random-stream.ts';

export const shardFaultKinds = [
  'pause_leader',
  'kill_leader',
  'pause_follower',
  'kill_follower',
  'pause_quorum',
  'kill_quorum',
] as const;
export const sharderFaultKinds = ['pause_sharder', 'kill_sharder'] as const;

export type ShardFaultKind = (typeof shardFaultKinds)[number];
export type SharderFaultKind = (typeof sharderFaultKinds)[number];
export type FaultKind = ShardFaultKind | SharderFaultKind;

export interface Strike<Kind extends FaultKind> {
  kind: Kind;
  /** The time without a fault before the strike. */
  calmMs: number;
  forMs: number;
  /** Chooses among several possible victims: a whole number taken modulo their count. */
  pick: number;
  /**
   * One sharder sends nothing to the shard meanwhile, so that it does not learn of the fault. Clients ask it as soon as the
   * victim comes back: a sharder that trusted that member would now read the past.
   */
  leavesSharderIdle: boolean;
}

/** Shortest and longest time; the others miss a paused leader after etcd's election timeout of 1 to 2 s. */
const spansMs: Record<FaultKind, readonly [number, number]> = {
  pause_leader: [1500, 4000],
  kill_leader: [500, 3000],
  pause_follower: [500, 3000],
  kill_follower: [500, 3000],
  pause_quorum: [500, 2500],
  kill_quorum: [500, 2000],
  pause_sharder: [300, 2500],
  kill_sharder: [200, 1500],
};

/** A sharder's write through the lost leader ends when there is a new leader, within 3 s; only then do its writes reach that. */
const idleSpanMs = [4500, 6000] as const;

/** Leaders first and more often: faults of leaders can break linearizability. Every kind comes before any comes again. */
export function* shardStrikes(random: RandomStream, members: number): Generator<Strike<ShardFaultKind>> {
  // If one member is the whole shard, it is the leader, and its loss is that of the quorum.
  const rest: readonly ShardFaultKind[] = members === 1 ? [] : [...shardFaultKinds.slice(2), 'pause_leader'];
  for (let round = 0; ; round++) {
    const first = drawStrike(random, 'pause_leader');
    yield round === 0 ? withIdleSharder(random, first) : first;
    yield drawStrike(random, 'kill_leader');
    const shuffled = [...rest];
    random.shuffle(shuffled);
    for (const kind of shuffled) {
      const strike = drawStrike(random, kind);
      yield kind === 'pause_leader' ? withIdleSharder(random, strike) : strike;
    }
  }
}

export function* sharderStrikes(random: RandomStream): Generator<Strike<SharderFaultKind>> {
  for (;;) {
    const kinds = [...sharderFaultKinds];
    random.shuffle(kinds);
    for (const kind of kinds) yield { ...drawStrike(random, kind), calmMs: between(random, [1000, 3000]) };
  }
}

function drawStrike<Kind extends FaultKind>(random: RandomStream, kind: Kind): Strike<Kind> {
  return {
    kind,
    calmMs: between(random, [500, 2500]),
    forMs: between(random, spansMs[kind]),
    pick: random.nextBelow(1000),
    leavesSharderIdle: false,
  };
}

function withIdleSharder<Kind extends FaultKind>(random: RandomStream, strike: Strike<Kind>): Strike<Kind> {
  return { ...strike, forMs: between(random, idleSpanMs), leavesSharderIdle: true };
}

function between(random: RandomStream, [shortest, longest]: readonly [number, number]): number {
  return shortest + random.nextBelow(longest - shortest + 1);
}
