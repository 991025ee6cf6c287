/**
 * Which member of a shard to ask: the leader where it is known, else the members in turn. The choice is a hint for
 * speed and nothing more: every member answers linearizably, by asking the leader itself.
 */
import type { StatusReply } from '../../core/etcd-messages.ts';
import { present } from '../../core/invariant.ts';

/** Far more than a shard has members. */
const strangersMax = 64;

export interface Leader {
  memberId: string;
  term: number;
}

export class EndpointChoice {
  private endpoints: readonly string[];
  private preferred = 0;
  /** Endpoint to the id of the member that answered there last. */
  private readonly memberAt = new Map<string, string>();
  /** Ids of members that were found not to be of this shard. */
  private readonly strangers = new Set<string>();

  constructor(endpoints: readonly string[]) {
    if (endpoints.length === 0) throw new Error('a shard needs an endpoint');
    this.endpoints = endpoints;
  }

  get all(): readonly string[] {
    return this.endpoints;
  }

  /** The endpoint to ask first. */
  get current(): string {
    return present(this.endpoints[this.preferred], 'the preferred endpoint');
  }

  /** Keeps the preferred endpoint if it is still among them. */
  replace(endpoints: readonly string[]): void {
    if (endpoints.length === 0) throw new Error('a shard needs an endpoint');
    const kept = endpoints.indexOf(this.current);
    this.endpoints = endpoints;
    this.preferred = Math.max(kept, 0);
    for (const endpoint of this.memberAt.keys())
      if (!endpoints.includes(endpoint)) this.memberAt.delete(endpoint);
  }

  /** `endpoint` did not serve: `other`, or else the next one, is preferred, unless the preference has changed meanwhile. */
  avoid(endpoint: string, other?: string): void {
    if (this.current !== endpoint) return;
    const index = other === undefined ? -1 : this.endpoints.indexOf(other);
    this.preferred = index >= 0 ? index : (this.preferred + 1) % this.endpoints.length;
  }

  noteAnswer(endpoint: string, memberId: string): void {
    if (this.memberAt.get(endpoint) !== memberId) this.memberAt.set(endpoint, memberId);
  }

  /** The member's word about its leader no longer counts, and the endpoint where it answered last is avoided. */
  distrust(memberId: string): void {
    if (this.strangers.size >= strangersMax) this.strangers.clear();
    this.strangers.add(memberId);
    if (this.memberAt.get(this.current) === memberId) this.avoid(this.current);
  }

  /** Whether the member of this id was found not to be of this shard. */
  isStranger(memberId: string): boolean {
    return this.strangers.has(memberId);
  }

  /** The leader of the newest term in which a member names one; null when no member names a leader. */
  leaderBy(answers: ReadonlyMap<string, StatusReply>): Leader | null {
    let leader: Leader | null = null;
    for (const status of answers.values()) {
      if (this.isStranger(status.header?.memberId ?? '')) continue;
      if (status.leaderId !== '0' && status.raftTerm > (leader?.term ?? -1))
        leader = { memberId: status.leaderId, term: status.raftTerm };
    }
    return leader;
  }

  /** True when further answers can add nothing: most members name one leader, and the leader is among these members. */
  isSettledBy(answers: ReadonlyMap<string, StatusReply>): boolean {
    const leader = this.leaderBy(answers);
    if (leader === null) return false;
    const followers = [...answers.values()].filter(
      ({ leaderId, raftTerm }) => leaderId === leader.memberId && raftTerm === leader.term,
    );
    return (
      2 * followers.length > this.endpoints.length &&
      followers.some(({ header }) => header?.memberId === leader.memberId)
    );
  }

  /**
   * Prefers the member that is named as leader in the newest term; false when no answer names one, or that member gave
   * none.
   */
  preferLeader(answers: ReadonlyMap<string, StatusReply>): boolean {
    const leader = this.leaderBy(answers);
    for (const [endpoint, status] of answers) {
      const index = this.endpoints.indexOf(endpoint);
      if (index >= 0 && status.header?.memberId === leader?.memberId) {
        this.preferred = index;
        return true;
      }
    }
    return false;
  }
}
