/**
 * The client of one shard: chooses a member, bounds each attempt, repeats what may be repeated, and says what became of
 * the request. Invariant: a write leaves this process at most once after an attempt whose outcome is not known to be
 * "not sent"; etcd3's own retries would break that, so they are off and these are the only ones.
 */
import type { EtcdRequest, StatusReply, WatchRequest } from '../../core/etcd-messages.ts';
import type { Limits } from '../../core/limits.ts';
import { pause } from '../../core/pause.ts';
import type { Cancel, Clock, EtcdRpc, Random, RpcResult, Trace, WatchSink } from '../../core/ports.ts';
import type { CallOptions, CallOutcome, ShardClient } from '../../core/shard-client.ts';
import type { EtcdClientEvent } from './client-event.ts';
import { EndpointChoice } from './endpoint-choice.ts';
import { LeaderSearch } from './leader-search.ts';
import { OverdueAttempts } from './overdue-attempts.ts';
import { ServingSearch } from './serving-search.ts';
import type { Revision, ShardId } from '../../core/numbers.ts';

export interface EtcdShardClientOptions {
  shard: ShardId;
  endpoints: readonly string[];
  rpc: EtcdRpc;
  clock: Clock;
  random: Random;
  trace: Trace<EtcdClientEvent>;
  limits: Limits;
}

/** What became of an attempt, and where. */
interface Answer {
  endpoint: string;
  result: RpcResult;
}

export class EtcdShardClient implements ShardClient {
  private readonly options: EtcdShardClientOptions;
  private readonly choice: EndpointChoice;
  private readonly overdue: OverdueAttempts;
  private readonly leaders: LeaderSearch;
  private readonly serving: ServingSearch;
  private closed = false;

  constructor(options: EtcdShardClientOptions) {
    this.options = options;
    const { clock, limits } = options;
    this.choice = new EndpointChoice(options.endpoints);
    this.overdue = new OverdueAttempts({
      clock,
      limits,
      onStuck: () => this.serving.seek(),
      onOverdue: () => this.leaders.seek(),
    });
    this.leaders = new LeaderSearch(options, this.choice, this.overdue);
    this.serving = new ServingSearch(options, this.choice, this.overdue);
  }

  /** The member that would be asked now. */
  get preferredEndpoint(): string {
    return this.choice.current;
  }

  setEndpoints(endpoints: readonly string[]): void {
    const { current } = this.choice;
    this.choice.replace(endpoints);
    // Any other member serves, too; the leader serves sooner.
    if (this.choice.current !== current) this.leaders.seek();
  }

  close(): void {
    this.closed = true;
    this.leaders.close();
    this.serving.close();
  }

  async execute(request: EtcdRequest, options: CallOptions): Promise<CallOutcome> {
    const { clock, limits } = this.options;
    const deadlineAtMs = clock.nowMs() + options.deadlineMs;
    let mayBeApplied = false;
    for (let attempt = 0; ; attempt++) {
      const attemptMs = Math.min(
        options.readOnly ? limits.readAttemptMs : limits.writeAttemptMs,
        deadlineAtMs - clock.nowMs(),
      );
      const { endpoint, result } = await this.attempt(request, attemptMs, options);
      this.observe(endpoint, result);
      if (result.kind === 'reply') return result;
      if (result.kind === 'refused' && result.code !== 'unfit_member') return result;
      if (result.kind === 'lost') {
        if (result.cause === 'reply_too_large' && options.readOnly) return { kind: 'reply_too_large' };
        if (!options.readOnly) return { kind: 'unknown', message: result.message, cause: result.cause };
        mayBeApplied = true;
      }
      const ended: CallOutcome = { kind: mayBeApplied ? 'unknown' : 'not_applied', message: result.message };
      const pauseMs = this.retryPauseMs(attempt);
      if (this.closed || clock.nowMs() + pauseMs >= deadlineAtMs) return ended;
      await pause(clock, pauseMs);
      // A busy process or a clock that jumps may wake up late.
      if (clock.nowMs() >= deadlineAtMs) return ended;
    }
  }

  async readStatuses(): Promise<readonly StatusReply[]> {
    const { rpc, limits } = this.options;
    const ask = (endpoint: string) =>
      rpc.call(endpoint, { kind: 'status' }, { deadlineMs: limits.statusAttemptMs });
    const results = await Promise.all(this.choice.all.map(ask));
    return results.flatMap((result) => {
      if (result.kind !== 'reply' || result.reply.kind !== 'status') return [];
      return this.choice.isStranger(result.reply.header?.memberId ?? '') ? [] : [result.reply];
    });
  }

  watch(request: WatchRequest, sink: WatchSink): Cancel {
    const endpoint = this.choice.current;
    return this.options.rpc.watch(endpoint, request, {
      ...sink,
      onEnd: (end) => {
        if (end.kind === 'lost') this.choice.avoid(endpoint);
        sink.onEnd(end);
      },
    });
  }

  avoidPreferred(): void {
    this.choice.avoid(this.choice.current);
  }

  distrust(memberId: string): void {
    this.choice.distrust(memberId);
    this.leaders.seek();
  }

  /**
   * One attempt. When it is ended early, its call goes on to its deadline: hanging up takes back nothing that was sent. A
   * stuck read is also sent to a member that serves, and the first of the two answers counts.
   */
  private attempt(request: EtcdRequest, deadlineMs: number, options: CallOptions): Promise<Answer> {
    const { rpc, limits } = this.options;
    const { readOnly, stuckAfterMs = limits.stuckMs, onStuck } = options;
    const endpoint = this.overdue.detour(this.choice.current);
    return new Promise((resolve) => {
      const askAsWell = async (other: string) => {
        const result = await rpc.call(other, request, { deadlineMs });
        if (result.kind === 'reply') resolve({ endpoint: other, result });
      };
      const attempt = this.overdue.begin({
        endpoint,
        term: this.leaders.term,
        stuckAfterMs,
        onServedAt: (other) => {
          this.choice.avoid(endpoint, other);
          this.leaders.seek();
          if (readOnly) void askAsWell(other);
          onStuck?.();
        },
        end: (message) => resolve({ endpoint, result: { kind: 'lost', message } }),
      });
      const call = async () => {
        const result = await rpc.call(endpoint, request, { deadlineMs });
        this.overdue.onEnded(attempt);
        resolve({ endpoint, result });
      };
      void call();
    });
  }

  /** Full jitter, so that the sharders of a shard do not retry at the same moments. */
  private retryPauseMs(attempt: Revision): number {
    const { limits, random } = this.options;
    const boundMs = Math.min(limits.retryPauseMs * 2 ** Math.min(attempt, 16), limits.retryPauseMsMax);
    return 1 + (boundMs * random.nextUint32()) / 2 ** 32;
  }

  /** Learns from a result which member to prefer. */
  private observe(endpoint: string, result: RpcResult): void {
    // Every member of a full shard says the same.
    if (result.kind === 'lost' && result.cause === 'no_space') return;
    const isUnfit = result.kind === 'refused' && result.code === 'unfit_member';
    if (result.kind === 'not_sent' || result.kind === 'lost' || isUnfit) {
      this.options.trace.emit({
        name: `etcd.${result.kind}`,
        shard: this.options.shard,
        endpoint,
        message: result.message,
      });
      this.choice.avoid(endpoint);
      this.leaders.seek();
      return;
    }
    if (result.kind !== 'reply' || !result.reply.header) return;
    this.choice.noteAnswer(endpoint, result.reply.header.memberId);
    this.leaders.noteTerm(result.reply.header.raftTerm);
  }
}
