/**
 * What a member does about time and leases: the leader answers renewals and questions and revokes what has expired; the
 * others pass the question on to it, again and again until etcd's request timeout.
 */
import type { EtcdRequest } from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { SimProcess } from '../host/process.ts';
import type { UnaryCaller, UnaryServer } from '../network/unary.ts';
import type { Lessor } from './lessor.ts';
import { timedOut, type EtcdCall } from './proposal-table.ts';
import type { RaftDriver } from './raft-driver.ts';

/** How often the leader looks for expired leases, and a follower for a leader: etcd's lessor does so twice a second. */
const lookUs = 500_000;

export type LeaseQuestion = EtcdRequest & { kind: 'lease_keep_alive' | 'lease_time_to_live' };

export interface LeaseKeeperParts {
  raft: RaftDriver;
  caller: UnaryCaller;
  timeoutUs: number;
  /** Changes with every restart. */
  lessor: () => Lessor;
  header: () => NonNullable<(RpcResult & { kind: 'reply' })['reply']['header']>;
  /** Where another member takes such questions; by node number. */
  peerServer: (node: number) => UnaryServer<LeaseQuestion, RpcResult>;
  revoke: (id: number) => void;
}

interface Question {
  request: LeaseQuestion;
  call: EtcdCall;
  dueUs: number;
}

export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts;
  readonly #process: SimProcess;
  #timer: ScheduledEvent | null = null;

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.#process = parts.raft.process;
    this.#process.onCrash.push(() => {
      this.#timer?.cancel();
      this.#timer = null;
    });
  }

  /** A client asks. */
  handle(request: LeaseQuestion, call: EtcdCall): void {
    this.#try({ request, call, dueUs: this.#process.kernel.nowUs + this.#parts.timeoutUs });
  }

  /** This member's own answer; `lost` when it is not the leader, or cannot answer yet. */
  answer(request: LeaseQuestion): RpcResult {
    const { raft, lessor, header } = this.#parts;
    if (!raft.isLeader) return { kind: 'lost', message: 'lease: not primary' };
    const lease = lessor().lookup(request.id);
    const { id } = request;
    if (request.kind === 'lease_keep_alive') {
      // Expired but not yet revoked: the next leader may let the lease live on, or not.
      if (lease !== undefined && lease.expiryUs <= raft.nowUs) {
        return { kind: 'lost', message: 'lease: expired' };
      }
      if (lease !== undefined) lessor().renew(lease);
      const ttlSeconds = lease?.ttlSeconds ?? 0;
      return { kind: 'reply', reply: { kind: 'lease_keep_alive', header: header(), id, ttlSeconds } };
    }
    const remainingUs = lease === undefined ? 0 : Math.max(0, lease.expiryUs - raft.nowUs);
    return {
      kind: 'reply',
      reply: {
        kind: 'lease_time_to_live',
        header: header(),
        id,
        ttlSeconds: lease === undefined ? -1 : Math.floor(remainingUs / 1_000_000),
        grantedTtlSeconds: lease?.ttlSeconds ?? 0,
        keys: lease !== undefined && request.keys === true ? [...lease.keys] : [],
      },
    };
  }

  /** Leadership or the set of leases has changed. */
  watchExpiry(): void {
    if (this.#timer !== null || !this.#parts.raft.isLeader || this.#parts.lessor().size === 0) return;
    this.#timer = this.#process.kernel.schedule(this.#process.kernel.nowUs + lookUs, this.#fire, undefined);
  }

  readonly #fire = (): void => this.#process.accept(this.#revokeExpired, undefined);

  readonly #revokeExpired = (): void => {
    this.#timer = null;
    const { raft, lessor, revoke } = this.#parts;
    if (!raft.isLeader) return;
    for (const lease of lessor().expired(raft.nowUs)) revoke(lease.id);
    this.watchExpiry();
  };

  #try(question: Question): void {
    const { raft, caller, peerServer } = this.#parts;
    const { leader } = raft.node.state;
    if (raft.isLeader) this.#conclude(question, this.answer(question.request));
    else if (leader === 0) this.#tryLater(question);
    else {
      const deadlineMs = (question.dueUs - this.#process.kernel.nowUs) / 1000;
      caller.start(peerServer(leader), question.request, {
        deadlineMs,
        settle: (result) => {
          if (result.kind === 'reply') this.#conclude(question, result.reply);
          else this.#tryLater(question);
        },
      });
    }
  }

  #conclude(question: Question, result: RpcResult): void {
    if (result.kind === 'reply') question.call.answer(result);
    else this.#tryLater(question);
  }

  #tryLater(question: Question): void {
    const { nowUs } = this.#process.kernel;
    if (nowUs + lookUs >= question.dueUs) question.call.answer(timedOut);
    else this.#process.kernel.schedule(nowUs + lookUs, this.#retry, question);
  }

  readonly #retry = (question: Question): void => this.#process.accept(this.#tryAgain, question);
  // A question from before a crash is answered to a connection that is gone: harmless.
  readonly #tryAgain = (question: Question): void => this.#try(question);
}
