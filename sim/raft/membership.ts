/**
 * The members of a Raft group, and how they change: one entry of the log at a time, which is in force as soon as a node
 * applies it, as in etcd-io/raft. A learner gets the log and has no vote. A number that has left never comes back.
 */

/** The payload of an entry that changes the members of the group. */
export class MembershipChange {
  readonly kind: 'add_learner' | 'promote' | 'remove';
  /** Number of the node that is added, promoted or removed. */
  readonly node: number;

  constructor(kind: MembershipChange['kind'], node: number) {
    this.kind = kind;
    this.node = node;
  }
}

export class Membership {
  /** Numbers of those that vote, rising. */
  voters: readonly number[];
  learners: readonly number[] = [];
  /** Numbers of all members: voters and learners. */
  members: readonly number[];
  readonly #removed = new Set<number>();

  /** @param first the number of first voters: nodes 1 to `first`. */
  constructor(first: number) {
    this.voters = Array.from({ length: first }, (_, at) => at + 1);
    this.members = this.voters;
  }

  isVoter(node: number): boolean {
    return this.voters.includes(node);
  }

  isLearner(node: number): boolean {
    return this.learners.includes(node);
  }

  isRemoved(node: number): boolean {
    return this.#removed.size > 0 && this.#removed.has(node);
  }

  /** @returns false when it changes nothing: it was asked for twice, or does not apply any more. */
  apply({ kind, node }: MembershipChange): boolean {
    if (this.isRemoved(node)) return false;
    if (kind === 'remove') this.#removed.add(node);
    if (kind === 'add_learner') {
      if (this.members.includes(node)) return false;
      this.learners = [...this.learners, node];
    } else {
      if (!(kind === 'promote' ? this.learners : this.members).includes(node)) return false;
      const isOther = (other: number): boolean => other !== node;
      this.learners = this.learners.filter(isOther);
      this.voters = this.voters.filter(isOther);
      if (kind === 'promote') this.voters = [...this.voters, node].toSorted((one, other) => one - other);
    }
    this.members = [...this.voters, ...this.learners];
    return true;
  }
}
