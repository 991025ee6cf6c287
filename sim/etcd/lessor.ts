/**
 * Leases: which keys are attached to which lease, and, on the leader alone, when each expires. The keys of a lease are part of
 * the replicated state; expiry times are not: a new leader grants every lease its full time again, as etcd's lessor does
 * without checkpoints.
 */
import { refusals, type Refusal } from './refusal.ts';

/** etcd's `MaxLeaseTTL`, seconds. */
const ttlSecondsMax = 9_000_000_000;

export interface Lease {
  readonly id: number;
  readonly ttlSeconds: number;
  readonly keys: Set<string>;
  /** On the leader's own clock; Infinity at every other member. */
  expiryUs: number;
}

export class Lessor {
  readonly #leases = new Map<number, Lease>();
  readonly #leaseOfKey = new Map<string, Lease>();
  readonly #ttlSecondsMin: number;
  /** Tells the time; set while this member is the leader. */
  #leaderNowUs: (() => number) | null = null;

  /** @param electionMs etcd grants no lease shorter than one and a half election timeouts, in whole seconds. */
  constructor(electionMs: number) {
    this.#ttlSecondsMin = Math.ceil((electionMs * 1.5) / 1000);
  }

  lookup(id: number): Lease | undefined {
    return this.#leases.get(id);
  }

  grant(id: number, ttlSeconds: number): Lease | Refusal {
    if (id === 0) return refusals.leaseNotFound;
    if (ttlSeconds > ttlSecondsMax) return refusals.leaseTtlTooLarge;
    if (this.#leases.has(id)) return refusals.leaseExists;
    const lease: Lease = {
      id,
      ttlSeconds: Math.max(ttlSeconds, this.#ttlSecondsMin),
      keys: new Set(),
      expiryUs: Infinity,
    };
    this.#leases.set(id, lease);
    this.renew(lease);
    return lease;
  }

  /** Removes a lease whose keys have been deleted. */
  remove(lease: Lease): void {
    this.#leases.delete(lease.id);
  }

  /** Gives the lease its full time again. Only the leader keeps time. */
  renew(lease: Lease): void {
    if (this.#leaderNowUs !== null) lease.expiryUs = this.#leaderNowUs() + lease.ttlSeconds * 1_000_000;
  }

  /** Attaches the key to this lease, or to none (0). The lease must exist. */
  attach(key: string, id: number): void {
    if (this.#leases.size === 0) return;
    this.#leaseOfKey.get(key)?.keys.delete(key);
    const lease = this.#leases.get(id);
    if (lease === undefined) this.#leaseOfKey.delete(key);
    else {
      lease.keys.add(key);
      this.#leaseOfKey.set(key, lease);
    }
  }

  /** This member has become leader: every lease gets its full time, and as much more as an election may have taken. */
  promote(nowUs: () => number, extraUs: number): void {
    this.#leaderNowUs = nowUs;
    for (const lease of this.#leases.values()) {
      this.renew(lease);
      lease.expiryUs += extraUs;
    }
  }

  demote(): void {
    this.#leaderNowUs = null;
    for (const lease of this.#leases.values()) lease.expiryUs = Infinity;
  }

  /** Leases that have expired, in order of their grant. */
  expired(nowUs: number): Lease[] {
    return this.#leases.size === 0
      ? []
      : [...this.#leases.values()].filter((lease) => lease.expiryUs <= nowUs);
  }

  get size(): number {
    return this.#leases.size;
  }
}
