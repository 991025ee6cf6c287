/**
 * Requests that a client sends on one connection without waiting for the answers. A write starts when everything before it
 * has been answered, and what follows a write when that has: a read sees the write before it (RFC 9112, section 9.3.2).
 * Reads run beside each other. A request that is alone on its connection costs one comparison.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HttpError } from './http-error.ts';
import { errorReply, writeReply } from './reply.ts';

/** Requests that wait on one connection; past it 429, whose unsent replies make Node stop reading from the client. */
export const waitingMax = 64;

const waiting = Symbol('requests that wait for their turn');

interface SharedSocket extends Socket {
  /** Node marks a socket with the response that it is for; those after it get the socket in their turn. */
  _httpMessage?: ServerResponse | null;
  [waiting]?: number;
}

export function inTurn(handle: RequestListener): RequestListener {
  return (request, response) => {
    const socket: SharedSocket = request.socket;
    const first = socket._httpMessage;
    if (!first || first === response || runsBeside(socket, first, request)) return handle(request, response);
    const before = socket[waiting] ?? 0;
    if (before >= waitingMax) {
      const message = `${before} requests wait on this connection`;
      return writeReply(
        response,
        errorReply(new HttpError(429, 'overloaded', message, ['retry-after', '1'])),
      );
    }
    socket[waiting] = before + 1;
    response.once('socket', () => {
      socket[waiting] = socket[waiting]! - 1;
      handle(request, response);
    });
  };
}

/** Invariant: a write runs only when it is the first, so that one which is under way is the first, or waits. */
function runsBeside(socket: SharedSocket, first: ServerResponse, request: IncomingMessage): boolean {
  return isRead(request) && isRead(first.req) && !socket[waiting];
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}
