/**
 * Answers that etcd gives now and then whatever it has stored, as its clients see them (sharder/etcd/grpc-errors.ts):
 *
 *     | answer            | text, gRPC code                                       | asked               | carried out |
 *     |-------------------|-------------------------------------------------------|---------------------|-------------|
 *     | too_many_requests | too many requests, ResourceExhausted                  | writes              | no          |
 *     | not_capable       | not capable, FailedPrecondition                       | all                 | no          |
 *     | request_too_large | request is too large, InvalidArgument                 | writes              | no          |
 *     | no_space          | database space exceeded, ResourceExhausted            | puts                | no          |
 *     | no_space_applied  | the same: the write that first exceeds the quota      | puts                | yes         |
 *     | leader_changed    | leader changed, Unavailable                           | linearizable reads  | no          |
 *     | timed_out         | request timed out, Unavailable                        | reads and writes    | no          |
 *     | timed_out_applied | the same: the entry is committed later                | writes              | yes         |
 *     | reply_too_large   | the client's own bound, ResourceExhausted             | with several values | yes         |
 *     | late              | its own, after a time                                 | all                 | yes         |
 */
import type { EtcdReply, EtcdRequest, RequestOp, ResponseOp } from '../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../sharder/core/ports.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { SimProcess } from '../host/process.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import { leaderChanged, timedOut, type EtcdCall } from './proposal-table.ts';
import { noSpace, refusals } from './refusal.ts';
import { isReadOnly } from './txn.ts';

export const oddAnswerNames = [
  'too_many_requests',
  'not_capable',
  'request_too_large',
  'no_space',
  'no_space_applied',
  'leader_changed',
  'timed_out',
  'timed_out_applied',
  'reply_too_large',
  'late',
] as const;
export type OddAnswerName = (typeof oddAnswerNames)[number];

export interface Oddity {
  answer: OddAnswerName;
  /** The share of requests that are answered so, among those that can be. */
  percent: number;
  /** Of `late`. */
  delayMs: number;
  random: RandomStream;
}

const replyTooLarge: RpcResult = {
  kind: 'lost',
  cause: 'reply_too_large',
  message: 'Received message larger than max',
};

/** The answer, and whether the request is carried out before it. */
const answers: Record<
  Exclude<OddAnswerName, 'late'>,
  { result: RpcResult; isApplied: boolean; fits: (request: EtcdRequest) => boolean }
> = {
  too_many_requests: { result: refusals.tooManyRequests, isApplied: false, fits: isWrite },
  not_capable: { result: refusals.notCapable, isApplied: false, fits: () => true },
  request_too_large: { result: refusals.requestTooLarge, isApplied: false, fits: isWrite },
  no_space: { result: noSpace, isApplied: false, fits: hasPut },
  no_space_applied: { result: noSpace, isApplied: true, fits: hasPut },
  leader_changed: { result: leaderChanged, isApplied: false, fits: isRead },
  timed_out: { result: timedOut, isApplied: false, fits: (request) => isRead(request) || isWrite(request) },
  timed_out_applied: { result: timedOut, isApplied: true, fits: isWrite },
  reply_too_large: { result: replyTooLarge, isApplied: true, fits: () => true },
};

export class OddAnswers {
  readonly #process: SimProcess;
  readonly #counters: FaultCounters;
  readonly #active = new Set<Oddity>();

  constructor(process: SimProcess, counters: FaultCounters) {
    this.#process = process;
    this.#counters = counters;
  }

  /** @returns a function that ends the oddity. */
  begin(oddity: Oddity): () => void {
    this.#active.add(oddity);
    return () => this.#active.delete(oddity);
  }

  end(): void {
    this.#active.clear();
  }

  /** @returns the call to carry out; null: it has been answered. */
  receive(call: EtcdCall): EtcdCall | null {
    for (const { answer, percent, delayMs, random } of this.#active) {
      if (!random.nextChance(percent / 100)) continue;
      if (answer === 'late') return this.#answerLate(call, delayMs);
      const { result, isApplied, fits } = answers[answer];
      if (!fits(call.request)) continue;
      if (isApplied) return this.#answerAfter(call, answer, result);
      this.#count(answer);
      call.answer(result);
      return null;
    }
    return call;
  }

  #count(name: OddAnswerName): void {
    const { oddAnswers } = this.#counters;
    oddAnswers[name] = (oddAnswers[name] ?? 0) + 1;
  }

  #answerAfter(call: EtcdCall, name: OddAnswerName, odd: RpcResult): EtcdCall {
    return {
      request: call.request,
      answer: (result) => {
        const isOdd = result.kind === 'reply' && (odd !== replyTooLarge || valuesIn(result.reply) > 1);
        if (isOdd) this.#count(name);
        call.answer(isOdd ? odd : result);
      },
    };
  }

  #answerLate(call: EtcdCall, delayMs: number): EtcdCall {
    const { kernel } = this.#process;
    return {
      request: call.request,
      answer: (result) => {
        this.#count('late');
        const answer = (): void => call.answer(result);
        kernel.schedule(
          kernel.nowUs + delayMs * 1000,
          () => this.#process.accept(answer, undefined),
          undefined,
        );
      },
    };
  }
}

function isRead(request: EtcdRequest): boolean {
  return request.kind === 'range' || (request.kind === 'txn' && isReadOnly(request));
}

function isWrite(request: EtcdRequest): boolean {
  switch (request.kind) {
    case 'put':
    case 'delete_range':
    case 'compact':
    case 'lease_grant':
    case 'lease_revoke':
      return true;
    case 'txn':
      return !isReadOnly(request);
    default:
      return false;
  }
}

function hasPut(request: EtcdRequest | RequestOp): boolean {
  if (request.kind === 'txn') return request.success.some(hasPut) || request.failure.some(hasPut);
  return request.kind === 'put';
}

/** Counts values: a single one never exceeds a client's bound. */
function valuesIn(reply: EtcdReply | ResponseOp): number {
  switch (reply.kind) {
    case 'range':
      return reply.kvs.filter(({ value }) => value.length > 0).length;
    case 'put':
      return reply.prevKv === null ? 0 : 1;
    case 'delete_range':
      return reply.prevKvs.length;
    case 'txn':
      return reply.responses.reduce((sum, response) => sum + valuesIn(response), 0);
    default:
      return 0;
  }
}
