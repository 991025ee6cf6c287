/**
 * The hook of load shedding in the server: requests that are not admitted are answered 429 before any part of them is
 * read, at once or as soon as the share of refusals allows, and always in less time than an operation may take. Costs an
 * admitted request one comparison.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answerLast } from './closing.ts';
import { HttpError } from './http-error.ts';
import { connectionsMax } from './kept-connections.ts';
import { LoadShedding } from './load-shedding.ts';
import { methodOf, targetOf } from './request-line.ts';
import { errorReply, writeReply } from './reply.ts';

const beatMs = 25;
/** Refusals that wait are answered within this time, whatever they cost. */
const heldMsMax = 4500;
/** A request that waits for its refusal holds its body, up to so many bytes. */
const heldBodyBytesMax = 4096;
/** One request of each connection of a server can wait. */
const heldMax = connectionsMax;
/** Paths that are answered whatever the load: only they tell an operator the state of the process. */
const probes: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics', '/slots']);

interface Held {
  response: ServerResponse;
  atMs: number;
}

export class EarlyRefusals {
  readonly shedding: LoadShedding;
  /** Delay of the newest heartbeat. */
  delayMs = 0;
  private readonly onRefused: (method: string, status: number, durationMs: number) => void;
  private held: Held[] = [];
  private next = 0;
  private refused = 0;

  /** @param onRefused hears of each refusal when it is answered. */
  constructor(onRefused: (method: string, status: number, durationMs: number) => void) {
    this.onRefused = onRefused;
    this.shedding = new LoadShedding(performance.now());
    this.beatAfter(performance.now());
  }

  /** Requests that wait for their refusal. */
  get waiting(): number {
    return this.held.length - this.next;
  }

  /** Requests that were refused so far. */
  get count(): number {
    return this.refused;
  }

  guard(listener: RequestListener): RequestListener {
    const { shedding } = this;
    return (request, response) => {
      if (shedding.admit() || probes.has(targetOf(request))) listener(request, response);
      else this.refuse(request, response);
    };
  }

  private refuse(request: IncomingMessage, response: ServerResponse): void {
    this.refused++;
    const nowMs = performance.now();
    const mayWait = this.waiting < heldMax && isSmall(request);
    if (mayWait && (this.waiting > 0 || !this.shedding.mayAnswerRefusal()))
      this.held.push({ response, atMs: nowMs });
    else this.answer(response, nowMs);
  }

  private answer(response: ServerResponse, atMs: number): void {
    const { req: request } = response;
    const reply = errorReply(new HttpError(429, 'overloaded', message, ['retry-after', '1']));
    request.resume();
    // The rest of the body would be read for nothing.
    if (!request.complete && !isSmall(request)) answerLast(request, response, reply);
    else writeReply(response, reply);
    this.onRefused(methodOf(request), reply.status, performance.now() - atMs);
  }

  private beatAfter(startedAtMs: number): void {
    setTimeout(() => {
      const nowMs = performance.now();
      this.delayMs = Math.max(0, nowMs - startedAtMs - beatMs);
      this.shedding.beat(nowMs, this.delayMs);
      this.answerHeld(nowMs);
      this.beatAfter(nowMs);
    }, beatMs).unref();
  }

  private answerHeld(nowMs: number): void {
    for (let next = this.held[this.next]; next !== undefined; next = this.held[++this.next]) {
      const { response, atMs } = next;
      // A refusal whose client has gone costs nothing.
      if (!response.destroyed) {
        if (nowMs < atMs + heldMsMax && !this.shedding.mayAnswerRefusal()) break;
        this.answer(response, atMs);
      }
    }
    // Answered requests are dropped in bulk.
    if (this.next > this.held.length / 2) {
      this.held = this.held.slice(this.next);
      this.next = 0;
    }
  }
}

const message = 'the sharder has more to do than it can';

/** Whether all of its body is here, or will be with the next bytes. */
function isSmall({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= heldBodyBytesMax;
}
