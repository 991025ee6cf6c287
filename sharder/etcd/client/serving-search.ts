/**
 * Looks for members that serve while an attempt is stuck at another one: each is asked to read a key that need not exist,
 * again and again as long as an attempt is stuck. Only a linearizable read shows that a member serves; a status does not. A
 * member answers it only after a leader's word, so that no request goes where it would be stuck as well.
 */
import type { Limits } from '../../core/limits.ts';
import type { Clock, EtcdRpc } from '../../core/ports.ts';
import type { EndpointChoice } from './endpoint-choice.ts';
import type { OverdueAttempts } from './overdue-attempts.ts';

export interface ServingSearchOptions {
  rpc: EtcdRpc;
  clock: Clock;
  limits: Limits;
}

export class ServingSearch {
  private readonly options: ServingSearchOptions;
  private readonly choice: EndpointChoice;
  private readonly overdue: OverdueAttempts;
  private isUnderWay = false;
  private closed = false;

  constructor(options: ServingSearchOptions, choice: EndpointChoice, overdue: OverdueAttempts) {
    this.options = options;
    this.choice = choice;
    this.overdue = overdue;
  }

  close(): void {
    this.closed = true;
  }

  /** One round at a time, as long as an attempt is stuck. */
  seek(): void {
    if (this.isUnderWay || this.closed) return;
    this.isUnderWay = true;
    const { clock, limits } = this.options;
    const stuck = this.overdue.stuckEndpoints();
    for (const endpoint of this.choice.all) if (!stuck.has(endpoint)) void this.ask(endpoint);
    clock.schedule(limits.leaderSearchIntervalMs, () => {
      this.isUnderWay = false;
      if (this.overdue.isOneStuck) this.seek();
    });
  }

  private async ask(endpoint: string): Promise<void> {
    const { rpc, limits } = this.options;
    const deadlineMs = limits.leaderSearchIntervalMs;
    const result = await rpc.call(endpoint, { kind: 'range', key: 'vase' }, { deadlineMs });
    if (result.kind !== 'reply' || this.choice.isStranger(result.reply.header?.memberId ?? '')) return;
    this.overdue.noteRead(endpoint);
  }
}
