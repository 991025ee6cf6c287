/**
 * Requests that a client sends on one connection without waiting for the answers. A write starts when every request before
 * it has been answered, and a request behind a write when the write has: a read sees the write before it (RFC 9112,
 * section 9.3.2). Reads run beside each other, a few at a time: each may become a large reply that waits for those before
 * it. A request that is alone on its connection costs one comparison.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answer } from './closing.ts';
import { HttpError } from './http-error.ts';
import { errorReply } from './reply.ts';
import { watchReader } from './stalled-readers.ts';

/** Requests that wait on one connection; past it 429, whose unsent replies make Node stop reading from the client. */
export const waitingMax = 64;
/** Reads that run beside the first: one connection can have these and the first under way or unsent. */
export const besideMax = 7;

const turns = Symbol('requests behind the first of a connection');

interface SharedSocket extends Socket {
  /** Node marks a socket with the response that it is for; those after it get the socket in their turn. */
  _httpMessage?: ServerResponse | null;
  [turns]?: Turns;
}

interface Turn {
  request: IncomingMessage;
  response: ServerResponse;
}

export function inTurn(handle: RequestListener): RequestListener {
  return (request, response) => {
    const socket: SharedSocket = request.socket;
    const first = socket._httpMessage;
    if (!first || first === response) return handle(request, response);
    socket[turns] ??= new Turns(handle);
    socket[turns].add({ request, response }, first.req);
  };
}

/** Invariant: a write runs only when it is the first, so that every write is the first, or waits. */
class Turns {
  private readonly handle: RequestListener;
  private readonly waiting: Turn[] = [];
  private beside = 0;

  constructor(handle: RequestListener) {
    this.handle = handle;
  }

  add(turn: Turn, first: IncomingMessage): void {
    const before = this.waiting.length;
    if (before >= waitingMax) {
      const message = `${before} requests wait on this connection`;
      const error = new HttpError(429, 'overloaded', message, ['retry-after', '1']);
      return answer(turn.request, turn.response, errorReply(error));
    }
    watchReader(turn.request.socket);
    this.waiting.push(turn);
    turn.response.once('socket', () => this.becomeFirst(turn));
    this.startBeside(first);
  }

  /** Everything before it has been answered. */
  private becomeFirst(turn: Turn): void {
    if (this.waiting[0] === turn) {
      this.waiting.shift();
      this.handle(turn.request, turn.response);
    } else this.beside--;
    this.startBeside(turn.request);
  }

  private startBeside(first: IncomingMessage): void {
    if (!isRead(first)) return;
    while (this.beside < besideMax) {
      const [next] = this.waiting;
      if (next === undefined || !isRead(next.request)) return;
      this.waiting.shift();
      const { request, response } = next;
      this.beside++;
      this.handle(request, response);
    }
  }
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}
