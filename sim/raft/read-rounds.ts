/**
 * Reads that wait for proof that their leader was still the leader when they arrived: each is one round of heartbeats, proven
 * when a quorum has answered it or a later one (etcd-io/raft, `read_only.go`). The index to wait for is the commit index at
 * the time the read arrived.
 */
import { quorumOf } from './quorum.ts';

/** Unproven reads of one leader. A few are usual: each member asks for one at a time. */
const roundsMax = 10_000;
/** Node numbers are below this. */
const callersMax = 32;

export interface ReadRound {
  /** Number of the round, rising; travels in the heartbeats. */
  round: number;
  index: number;
  /** The node that asked, and its number for the read. */
  from: number;
  context: number;
  /** One bit by node number: there are 30 at most. */
  acknowledged: number;
}

export class ReadRounds {
  #rounds: ReadRound[] = [];
  #lastRound = 0;
  readonly #areCallersOwn: boolean;

  /** @param areCallersOwn negative control: a round has the number of the member that asks, and the same one when it asks again. */
  constructor(areCallersOwn = false) {
    this.#areCallersOwn = areCallersOwn;
  }

  /** The newest round, which heartbeats carry; 0: none. */
  get newest(): number {
    return this.#rounds.at(-1)?.round ?? 0;
  }

  /** Opens a round with the leader's own vote in it. */
  open(read: { index: number; from: number; context: number; leader: number }): number {
    if (this.#rounds.length >= roundsMax)
      throw new Error(`raft: more than ${roundsMax} reads wait for proof`);
    const { index, from, context } = read;
    const round = this.#areCallersOwn ? context * callersMax + from : ++this.#lastRound;
    if (this.#areCallersOwn && this.#rounds.some((pending) => pending.round === round)) return round;
    this.#rounds.push({ round, index, from, context, acknowledged: 1 << read.leader });
    return round;
  }

  /**
   * A follower has answered a round.
   * @returns the rounds that are now proven, oldest first: the answered one, if a quorum has answered it, and all before.
   */
  acknowledge(round: number, from: number, voters: readonly number[]): ReadRound[] {
    const at = this.#rounds.findIndex((candidate) => candidate.round === round);
    if (at === -1) return [];
    const answered = this.#rounds[at]!;
    answered.acknowledged |= 1 << from;
    const count = voters.filter((node) => answered.acknowledged & (1 << node)).length;
    return count >= quorumOf(voters.length) ? this.#rounds.splice(0, at + 1) : [];
  }

  /** Forgets everything: the node is not the leader any more. Round numbers are not used again. */
  clear(): void {
    if (this.#rounds.length > 0) this.#rounds = [];
  }
}
