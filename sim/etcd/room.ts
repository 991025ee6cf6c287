/**
 * etcd's quota: what a write costs, and how writes that exceed the quota end. The first ones are applied and refused all the
 * same, until the alarm is raised; from then on writes with puts are refused without effect, and deletions go on.
 */
import type { EtcdEvent, EtcdRequest, RequestOp } from '../../sharder/core/etcd-messages.ts';
import type { Release } from './release.ts';

/** etcd's kvOverhead and leaseOverhead. */
const putOverheadBytes = 256;
const leaseBytes = 64;
/** Writes that are on their way while the member raises the alarm. */
const beforeAlarm = 2;

/** Of a database without keys. */
const emptyBytes = 20_480;

export class Room {
  /** Bytes; null: no bound. */
  #left: number | null = null;
  #exceeded = 0;
  readonly #countsNestedPuts: boolean;
  /** etcd's --quota-backend-bytes; null: none. */
  readonly quotaBytes: number | null;
  /** Of the database, gaps included; it does not shrink. Changes only where there is a quota. */
  sizeBytes = emptyBytes;
  /** Without the gaps, which puts take first. */
  inUseBytes = emptyBytes;

  constructor(
    { countsNestedPuts }: Pick<Release, 'countsNestedPuts'>,
    { quotaBytes }: { quotaBytes: number | null } = { quotaBytes: null },
  ) {
    this.#countsNestedPuts = countsNestedPuts;
    this.quotaBytes = quotaBytes;
  }

  /** The alarm has been raised, or will be: a write met the quota. */
  get isExceeded(): boolean {
    return this.#exceeded > 0;
  }

  /** Adds the changes of a revision. */
  grow(changes: readonly EtcdEvent[]): void {
    if (this.quotaBytes === null) return;
    for (const { kv } of changes) this.inUseBytes += putOverheadBytes + kv.key.length + kv.value.length;
    this.sizeBytes = Math.max(this.sizeBytes, this.inUseBytes);
  }

  /** History is forgotten: `versions` versions are left, with `bytes` bytes of keys and values. */
  compact({ versions, bytes }: { versions: number; bytes: number }): void {
    if (this.quotaBytes !== null) this.inUseBytes = emptyBytes + versions * putOverheadBytes + bytes;
  }

  get left(): number | null {
    return this.#left;
  }

  /** Sets another quota, and ends an alarm. */
  set(bytes: number | null): void {
    this.#left = bytes;
    this.#exceeded = 0;
  }

  /** Decides about a write, in the order of the log. */
  judge(request: EtcdRequest): 'taken' | 'applied and refused' | 'refused' {
    if (this.#left === null) return 'taken';
    const cost = this.#costOf(request);
    if (cost === 0) return 'taken';
    if (this.#exceeded >= beforeAlarm) return 'refused';
    const fits = this.quotaBytes === null || this.sizeBytes + cost < this.quotaBytes;
    if (this.#left !== null) this.#left -= cost;
    if (fits && (this.#left ?? 0) >= 0) return 'taken';
    this.#exceeded++;
    return 'applied and refused';
  }

  /** Whether the alarm has been raised: the member then refuses the request before it looks at anything else. */
  refuses(request: EtcdRequest): boolean {
    return this.#exceeded >= beforeAlarm && this.#costOf(request) > 0;
  }

  /** etcd's Cost. */
  #costOf(request: EtcdRequest): number {
    switch (request.kind) {
      case 'put':
        return putOverheadBytes + request.key.length + request.value.length;
      case 'txn':
        return Math.max(this.#sum(request.success), this.#sum(request.failure));
      case 'lease_grant':
        return leaseBytes;
      default:
        return 0;
    }
  }

  #sum(operations: readonly RequestOp[]): number {
    return operations.reduce(
      (total, each) => total + (each.kind === 'txn' && !this.#countsNestedPuts ? 0 : this.#costOf(each)),
      0,
    );
  }
}
