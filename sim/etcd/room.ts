/**
 * etcd's quota: what a write costs, and what becomes of those that exceed it. The first ones are applied and refused all the
 * same, until the alarm is raised; from then on writes with puts are refused without effect, and deletions go on.
 */
import type { EtcdRequest, RequestOp } from '../../sharder/core/etcd-messages.ts';

/** etcd's costPut and costTxn: nested transactions count nothing. */
const putOverheadBytes = 128;
/** Writes that are on their way while the member raises the alarm. */
const beforeAlarm = 2;

export class Room {
  /** Bytes; null: no quota. */
  #left: number | null = null;
  #exceeded = 0;

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
    const cost = costOf(request);
    if (this.#left === null || cost === 0) return 'taken';
    if (this.#exceeded >= beforeAlarm) return 'refused';
    this.#left -= cost;
    if (this.#left >= 0) return 'taken';
    this.#exceeded++;
    return 'applied and refused';
  }
}

function costOf(request: EtcdRequest): number {
  if (request.kind === 'put') return costOfPut(request);
  if (request.kind !== 'txn') return 0;
  return Math.max(sum(request.success), sum(request.failure));
}

function sum(operations: readonly RequestOp[]): number {
  return operations.reduce((total, each) => total + (each.kind === 'put' ? costOfPut(each) : 0), 0);
}

function costOfPut({ key, value }: RequestOp & { kind: 'put' }): number {
  return putOverheadBytes + key.length + value.length;
}
