/**
 * Linearizable reads of one member: those that arrive while one ReadIndex is under way share the next one, as in etcd's
 * linearizableReadLoop. A question that gets no answer is repeated every half second; a change of leader fails the reads
 * that wait.
 */
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { SimProcess } from '../host/process.ts';
import type { ReadState } from '../raft/state.ts';
import { leaderChanged, timedOut, type EtcdCall } from './proposal-table.ts';
import type { RaftDriver } from './raft-driver.ts';

/** etcd's readIndexRetryTime. */
const retryUs = 500_000;

interface Batch {
  context: number;
  calls: EtcdCall[];
  /** The index that must have been applied before the calls are served; -1: not known yet. */
  index: number;
  timeoutAtUs: number;
}

export class ReadBatcher {
  readonly #process: SimProcess;
  readonly #raft: RaftDriver;
  readonly #timeoutUs: number;
  readonly #serve: (call: EtcdCall) => void;
  #waiting: EtcdCall[] = [];
  #batch: Batch | null = null;
  /** Goes on across restarts, so that no answer to an earlier incarnation is taken for a present one. */
  #lastContext = 0;
  #retry: ScheduledEvent | null = null;

  constructor(raft: RaftDriver, timeoutUs: number, serve: (call: EtcdCall) => void) {
    this.#process = raft.process;
    this.#raft = raft;
    this.#timeoutUs = timeoutUs;
    this.#serve = serve;
    this.#process.onCrash.push(() => {
      this.#waiting = [];
      this.#endBatch();
    });
  }

  add(call: EtcdCall): void {
    this.#waiting.push(call);
    if (this.#batch === null) this.#start();
  }

  onReadState(read: ReadState): void {
    if (this.#batch === null || this.#batch.context !== read.context || this.#batch.index >= 0) return;
    this.#batch.index = read.index;
    this.onApplied();
  }

  /** An entry has been applied: the batch may be ready. */
  onApplied(): void {
    const batch = this.#batch;
    if (batch === null || batch.index < 0 || this.#raft.node.state.log.applied < batch.index) return;
    this.#endBatch();
    for (const call of batch.calls) this.#serve(call);
    if (this.#waiting.length > 0) this.#start();
  }

  /** A leader has committed its first entry: it can now answer the reads that it could not before. */
  onFirstCommit(): void {
    if (this.#batch !== null && this.#batch.index < 0) this.#ask(this.#batch);
  }

  onLeaderChanged(): void {
    const batch = this.#batch;
    if (batch === null || batch.index >= 0) return;
    this.#endBatch();
    for (const call of batch.calls) call.answer(leaderChanged);
    if (this.#waiting.length > 0) this.#start();
  }

  #start(): void {
    const calls = this.#waiting;
    this.#waiting = [];
    this.#batch = {
      context: ++this.#lastContext,
      calls,
      index: -1,
      timeoutAtUs: this.#process.kernel.nowUs + this.#timeoutUs,
    };
    this.#ask(this.#batch);
  }

  #ask(batch: Batch): void {
    this.#retry?.cancel();
    this.#retry = this.#process.kernel.schedule(this.#process.kernel.nowUs + retryUs, this.#fire, batch);
    this.#raft.read(batch.context);
  }

  readonly #fire = (batch: Batch): void => this.#process.accept(this.#askAgain, batch);

  readonly #askAgain = (batch: Batch): void => {
    if (batch !== this.#batch || batch.index >= 0) return;
    if (this.#process.kernel.nowUs < batch.timeoutAtUs) {
      this.#ask(batch);
      return;
    }
    this.#endBatch();
    for (const call of batch.calls) call.answer(timedOut);
    if (this.#waiting.length > 0) this.#start();
  };

  #endBatch(): void {
    this.#batch = null;
    this.#retry?.cancel();
    this.#retry = null;
  }
}
