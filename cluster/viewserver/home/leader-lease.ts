/**
 * Elects the leader of several view servers: the one that holds a key in the home shard, which is bound to its lease. It is
 * for liveness alone: two servers that take themselves for the leader do no harm, since each change is a compare-and-swap.
 */
import type { Clock, Random } from '../../../sharder/core/ports.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import { bytesToJson, jsonToBytes } from '../../../sharder/core/json-bytes.ts';
import { callHome } from './home-record.ts';

const LEADER_KEY = 'vase/view-server';

/** Above etcd's least lease, one and a half election timeouts. A successor follows a dead leader within this and a renewal. */
const ttlSeconds = 5;
const renewMs = 1500;
/** A leader that could not renew for so long stops before its successor can start. */
const giveUpMs = 4000;

export interface Leader {
  name: string;
  /** "host:port" */
  address: string;
}

export interface LeaderLeaseOptions extends Leader {
  home: ShardClient;
  clock: Clock;
  random: Random;
  onGained(): void;
  onLost(): void;
}

export class LeaderLease {
  private readonly options: LeaderLeaseOptions;
  private lease: number | null = null;
  private renewedAtMs = 0;
  private known: Leader | null = null;
  private leading = false;

  constructor(options: LeaderLeaseOptions) {
    this.options = options;
  }

  get isLeading(): boolean {
    return this.leading;
  }

  /** The leader when last seen; null when there was none. */
  get leader(): Leader | null {
    return this.known;
  }

  /** Until the signal it tries to become leader, stays leader, and tries again when it has lost the lease; then it gives that back. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.round();
      await pauseUntilAborted(this.options.clock, renewMs, signal);
    }
    this.setLeading(false);
    if (this.lease !== null) await this.call({ kind: 'lease_revoke', id: this.lease });
  }

  private async round(): Promise<void> {
    const { clock } = this.options;
    const startedAtMs = clock.nowMs();
    const lease = await this.renew();
    const held = lease === null ? null : await this.claim(lease);
    if (held) this.renewedAtMs = startedAtMs;
    const expired = clock.nowMs() - this.renewedAtMs > giveUpMs;
    if (held) this.setLeading(true);
    else if (held === false || expired) this.setLeading(false);
  }

  /** The present lease. Null: not known. */
  private async renew(): Promise<number | null> {
    if (this.lease !== null) {
      const reply = await this.call({ kind: 'lease_keep_alive', id: this.lease });
      if (reply?.kind !== 'lease_keep_alive') return null;
      if (reply.ttlSeconds > 0) return this.lease;
    }
    // 52 bits: if another server drew the same number, etcd would refuse it as a lease that exists.
    const { random } = this.options;
    this.lease = 1 + (random.nextUint32() % 2 ** 20) * 2 ** 32 + random.nextUint32();
    const reply = await this.call({ kind: 'lease_grant', id: this.lease, ttlSeconds });
    if (reply?.kind === 'lease_grant') return this.lease;
    this.lease = null;
    return null;
  }

  /** True: this server holds the key. False: another server does. Null: not known. */
  private async claim(lease: number): Promise<boolean | null> {
    const { name, address } = this.options;
    const reply = await this.call({
      kind: 'txn',
      compare: [{ key: LEADER_KEY, target: 'create_revision', result: 'equal', operand: 0 }],
      success: [{ kind: 'put', key: LEADER_KEY, value: jsonToBytes({ name, address }), lease }],
      failure: [{ kind: 'range', key: LEADER_KEY }],
    });
    if (reply?.kind !== 'txn') return null;
    if (reply.succeeded) {
      this.known = { name, address };
      return true;
    }
    const range = reply.responses[0];
    const holder = range?.kind === 'range' ? range.kvs[0] : undefined;
    if (holder === undefined) return null;
    this.known = bytesToJson(holder.value) as Leader;
    return holder.lease === lease;
  }

  private setLeading(leading: boolean): void {
    if (leading === this.leading) return;
    this.leading = leading;
    if (leading) this.options.onGained();
    else this.options.onLost();
  }

  private call(request: Parameters<typeof callHome>[1]) {
    return callHome(this.options.home, request, false);
  }
}

/** Ends early when the signal is aborted. */
export function pauseUntilAborted(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.schedule(delayMs, end);
    signal.addEventListener('abort', end);
  });
}
