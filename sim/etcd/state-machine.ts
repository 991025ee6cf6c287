/**
 * The state to which a member applies its log: keys, leases and watches. It is a function of the log alone: members that have
 * applied the same entries hold the same state, and a restarted member may start from an empty one.
 */
import type {
  EtcdEvent,
  EtcdReply,
  EtcdRequest,
  ReplyHeader,
  RequestOp,
} from '../../sharder/core/etcd-messages.ts';
import { orderOf } from '../../sharder/core/key-order.ts';
import { Lessor } from './lessor.ts';
import { MvccStore } from './mvcc-store.ts';
import { answerRange, checkRevision } from './range.ts';
import { noSpace, refusals, type Refusal } from './refusal.ts';
import type { Release } from './release.ts';
import { Room } from './room.ts';
import { runDeleteRange, runPut, runTxn } from './txn.ts';
import { WatchHub } from './watch-hub.ts';

/** `lost`: the quota is exceeded; the answer leaves open whether the write was applied. */
export type Answer = { kind: 'reply'; reply: EtcdReply } | Refusal | typeof noSpace;

/** Requests that go through the log. */
export type LoggedRequest =
  | Exclude<EtcdRequest, { kind: 'range' | 'lease_keep_alive' | 'lease_time_to_live' | 'status' }>
  /** An operator's other quota: so many bytes are left from here on; null: no quota. Stands for alarms and restarts. */
  | { kind: 'set_room'; bytes: number | null };

export class StateMachine {
  readonly release: Release;
  readonly store: MvccStore;
  readonly lessor: Lessor;
  readonly watches: WatchHub;
  readonly room: Room;

  #isRestoring = false;
  readonly #onChanges: ((changes: readonly EtcdEvent[]) => void) | null;

  /** @param options.requestSync see WatchHub. @param options.onChanges sees the changes of each revision as it is made. */
  constructor(options: {
    release: Release;
    electionMs: number;
    quotaBytes: number | null;
    requestSync: () => void;
    onChanges?: (changes: readonly EtcdEvent[]) => void;
  }) {
    this.#onChanges = options.onChanges ?? null;
    this.release = options.release;
    this.room = new Room(options.release, options);
    this.store = new MvccStore(options.release);
    this.lessor = new Lessor(options.electionMs);
    this.watches = new WatchHub({ ...options, store: this.store });
  }

  /**
   * Applies one entry of the log.
   * @param header fills in the answering member; null when nobody here waits for the answer, which is then null too.
   */
  apply(request: LoggedRequest, header: ((revision: number) => ReplyHeader) | null): Answer | null {
    if (request.kind === 'set_room') {
      this.room.set(request.bytes);
      return null;
    }
    const judged = this.room.judge(request);
    if (judged === 'refused') return header === null ? null : noSpace;
    const outcome = this.#run(request, header !== null);
    const changes = this.store.endWrite();
    if (changes.length > 0) {
      this.room.grow(changes);
      this.#onChanges?.(changes);
      if (!this.#isRestoring) this.watches.notify(changes);
    }
    if (header === null) return null;
    if (judged !== 'taken') return noSpace;
    if (outcome.kind === 'refused') return outcome;
    outcome.header = header(this.store.revision);
    return { kind: 'reply', reply: outcome };
  }

  /** Goes to the state after these entries in one step: watches have yet to hear the changes, and nobody gets an answer. */
  restore(requests: readonly LoggedRequest[]): void {
    const heardRevision = this.store.revision;
    this.#isRestoring = true;
    for (const request of requests) this.apply(request, null);
    this.#isRestoring = false;
    this.watches.fallBehind(heardRevision);
  }

  /** Answers a range, or a transaction of ranges, from the present state. */
  read(request: RequestOp & { kind: 'range' | 'txn' }, header: (revision: number) => ReplyHeader): Answer {
    if (request.kind === 'range') {
      const refusal = checkRevision(this.store, request.revision ?? 0);
      if (refusal !== null) return refusal;
      return { kind: 'reply', reply: answerRange(this, request, header(this.store.revision)) };
    }
    const outcome = runTxn(this, request, true);
    if (outcome.kind === 'refused') return outcome;
    outcome.header = header(this.store.revision);
    return { kind: 'reply', reply: outcome };
  }

  #run(request: Exclude<LoggedRequest, { kind: 'set_room' }>, wantReply: boolean): EtcdReply | Refusal {
    switch (request.kind) {
      case 'put':
        if (request.lease && this.lessor.lookup(request.lease) === undefined) return refusals.leaseNotFound;
        return runPut(this, request);
      case 'delete_range':
        return runDeleteRange(this, request);
      case 'txn':
        return runTxn(this, request, wantReply);
      case 'compact':
        return this.#compact(request.revision);
      case 'lease_grant': {
        const lease = this.lessor.grant(request.id, request.ttlSeconds);
        if ('kind' in lease) return lease;
        return { kind: 'lease_grant', header: null, id: lease.id, ttlSeconds: lease.ttlSeconds };
      }
      case 'lease_revoke':
        return this.#revoke(request.id);
    }
  }

  #compact(revision: number): EtcdReply | Refusal {
    if (revision <= this.store.compactRevision) return refusals.compacted;
    if (revision > this.store.revision) return refusals.futureRevision;
    this.store.compact(revision);
    if (this.room.quotaBytes !== null) this.room.compact(this.store.measure());
    return { kind: 'compact', header: null };
  }

  /** Deletes the lease's keys, in the order of their bytes, in one revision. */
  #revoke(id: number): EtcdReply | Refusal {
    const lease = this.lessor.lookup(id);
    if (lease === undefined) return refusals.leaseNotFound;
    for (const key of [...lease.keys].toSorted(compareKeys)) {
      runDeleteRange(this, { kind: 'delete_range', key });
    }
    this.lessor.remove(lease);
    return { kind: 'lease_revoke', header: null };
  }
}

function compareKeys(one: string, other: string): number {
  return orderOf(one) < orderOf(other) ? -1 : 1;
}
