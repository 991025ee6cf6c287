/**
 * Writes that wait for their entry to be applied here. Each is answered once: with the result of applying it, or, after
 * etcd's request timeout, with "request timed out", which leaves open whether it will be applied later.
 */
import type { EtcdRequest } from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { SimProcess } from '../host/process.ts';

/** A request of a client that waits for its answer: a `UnaryCall`, or a wrapper of one. */
export interface EtcdCall {
  readonly request: EtcdRequest;
  answer(result: RpcResult): void;
}

/** `errors.go` and `v3rpc/rpctypes` of etcd: Unavailable, so nobody can tell whether the request was carried out. */
export const timedOut: RpcResult = { kind: 'lost', message: 'etcdserver: request timed out' };
export const proposalDropped: RpcResult = { kind: 'lost', message: 'raft proposal dropped' };
export const leaderChanged: RpcResult = { kind: 'lost', message: 'etcdserver: leader changed' };

interface Waiting {
  call: EtcdCall;
  dueUs: number;
}

export class ProposalTable {
  readonly #process: SimProcess;
  readonly #timeoutUs: number;
  /** In order of arrival, which is the order of their timeouts. */
  readonly #waiting = new Map<number, Waiting>();
  #timer: ScheduledEvent | null = null;

  constructor(process: SimProcess, timeoutUs: number) {
    this.#process = process;
    this.#timeoutUs = timeoutUs;
    process.onCrash.push(() => {
      this.#waiting.clear();
      this.#timer?.cancel();
      this.#timer = null;
    });
  }

  add(id: number, call: EtcdCall): void {
    this.#waiting.set(id, { call, dueUs: this.#process.kernel.nowUs + this.#timeoutUs });
    if (this.#timer === null) this.#arm(this.#process.kernel.nowUs + this.#timeoutUs);
  }

  /** Removes and returns the call that waits for this proposal; undefined when it was made elsewhere, before a crash, or too long ago. */
  take(id: number): EtcdCall | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    return waiting.call;
  }

  #arm(atUs: number): void {
    this.#timer = this.#process.kernel.schedule(atUs, this.#fire, undefined);
  }

  readonly #fire = (): void => this.#process.accept(this.#sweep, undefined);

  readonly #sweep = (): void => {
    this.#timer = null;
    for (const [id, { call, dueUs }] of this.#waiting) {
      if (dueUs > this.#process.kernel.nowUs) {
        this.#arm(dueUs);
        return;
      }
      this.#waiting.delete(id);
      call.answer(timedOut);
    }
  };
}
