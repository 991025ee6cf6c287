/**
 * Looks for the leader of a shard by asking all members for their status: one search at a time and not too often, again
 * while no leader is found, as in an election, and again while an attempt is overdue.
 */
import type { StatusReply } from '../../core/etcd-messages.ts';
import type { Limits } from '../../core/limits.ts';
import type { Clock, EtcdRpc, Trace } from '../../core/ports.ts';
import type { EtcdClientEvent } from './client-event.ts';
import type { EndpointChoice } from './endpoint-choice.ts';
import type { OverdueAttempts } from './overdue-attempts.ts';
import type { ShardId } from '../../core/numbers.ts';

export interface LeaderSearchOptions {
  shard: ShardId;
  rpc: EtcdRpc;
  clock: Clock;
  trace: Trace<EtcdClientEvent>;
  limits: Limits;
}

export class LeaderSearch {
  private readonly options: LeaderSearchOptions;
  private readonly choice: EndpointChoice;
  private readonly overdue: OverdueAttempts;
  private lastTerm = -1;
  private isPlanned = false;
  private searchedAtMs = -Infinity;
  private closed = false;

  constructor(options: LeaderSearchOptions, choice: EndpointChoice, overdue: OverdueAttempts) {
    this.options = options;
    this.choice = choice;
    this.overdue = overdue;
  }

  /** The term that was heard of last; -1 before the first. */
  get term(): number {
    return this.lastTerm;
  }

  close(): void {
    this.closed = true;
  }

  /** A member has answered in this term: a term other than the last may have another leader. */
  noteTerm(term: number): void {
    if (term === this.lastTerm) return;
    this.lastTerm = term;
    this.seek();
  }

  /** Plans a search for the leader soon. */
  seek(): void {
    if (this.isPlanned || this.closed) return;
    this.isPlanned = true;
    const { clock, limits } = this.options;
    const waitMs = this.searchedAtMs + limits.leaderSearchIntervalMs - clock.nowMs();
    clock.schedule(Math.max(0, waitMs), () => void this.search());
  }

  private async search(): Promise<void> {
    const { clock, trace, shard } = this.options;
    this.searchedAtMs = clock.nowMs();
    const answers = await this.askAll();
    this.isPlanned = false;
    const leader = this.choice.leaderBy(answers);
    if (leader !== null) this.lastTerm = leader.term;
    const isFound = this.choice.preferLeader(answers);
    if (isFound) trace.emit({ name: 'leader.preferred', shard, endpoint: this.choice.current });
    this.overdue.judge(leader);
    if (!isFound || this.overdue.isOneOverdue) this.seek();
  }

  /** The answers that come until they settle the leader, or until all awaited members have answered or timed out. */
  private askAll(): Promise<ReadonlyMap<string, StatusReply>> {
    const { rpc, limits } = this.options;
    const answers = new Map<string, StatusReply>();
    const endpoints = this.choice.all;
    const silent = this.overdue.silentEndpoints();
    const awaited = endpoints.filter((endpoint) => !silent.has(endpoint));
    const open = new Set(awaited.length > 0 ? awaited : endpoints);
    return new Promise((resolve) => {
      const ask = async (endpoint: string) => {
        const result = await rpc.call(endpoint, { kind: 'status' }, { deadlineMs: limits.statusAttemptMs });
        if (result.kind === 'reply' && result.reply.kind === 'status') {
          this.overdue.noteStatus(endpoint);
          answers.set(endpoint, result.reply);
        }
        open.delete(endpoint);
        if (open.size === 0 || this.choice.isSettledBy(answers)) resolve(new Map(answers));
      };
      for (const endpoint of endpoints) void ask(endpoint);
    });
  }
}
