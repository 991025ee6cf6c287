/**
 * etcd's quota: what a write costs, and what becomes of those that exceed it. The first ones are applied and refused all the
 * same, until the alarm is raised; from then on writes with puts are refused without effect, and deletions go on.
 */
import type { EtcdRequest, RequestOp } from '../../sharder/core/etcd-messages.ts';
import type { Release } from './release.ts';

/** etcd's kvOverhead and leaseOverhead. */
const putOverheadBytes = 256;
const leaseBytes = 64;
/** Writes that are on their way while the member raises the alarm. */
const beforeAlarm = 2;

export class Room {
  /** Bytes; null: no quota. */
  #left: number | null = null;
  #exceeded = 0;
  readonly #countsNestedPuts: boolean;

  constructor({ countsNestedPuts }: Pick<Release, 'countsNestedPuts'>) {
    this.#countsNestedPuts = countsNestedPuts;
  }

  get left(): number | null {
    return this.#left;
  }

  /** Another quota; an alarm is over. */
  set(bytes: number | null): void {
    this.#left = bytes;
    this.#exceeded = 0;
  }

  /** Of a write, in the order of the log. */
  judge(request: EtcdRequest): 'taken' | 'applied and refused' | 'refused' {
    const cost = this.#costOf(request);
    if (this.#left === null || cost === 0) return 'taken';
    if (this.#exceeded >= beforeAlarm) return 'refused';
    this.#left -= cost;
    if (this.#left >= 0) return 'taken';
    this.#exceeded++;
    return 'applied and refused';
  }

  /** Whether the member refuses the request as it comes, before it looks at anything else: the alarm has been raised. */
  refuses(request: EtcdRequest): boolean {
    return this.#left !== null && this.#exceeded >= beforeAlarm && this.#costOf(request) > 0;
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
