/**
 * Ends connections so that the last answer arrives. A socket that is closed while bytes of its client are unread, or on
 * their way, is reset by the kernel, and the reset overtakes the answer: the client of a refused upload sees a broken pipe
 * instead of its 413. So a connection is closed in stages (RFC 9112, section 9.6): the answer, the end of this side, and
 * then what still comes is read and forgotten until the client ends its side, up to so many bytes and so long.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import { errorBody, type HttpError } from './http-error.ts';
import { connectionOf } from './connection.ts';
import { waitsToBeAsked } from './expect-continue.ts';
import { newRequestId } from './request-id.ts';
import { type Reply, writeReply } from './reply.ts';

/** Unread bodies up to this are read to keep the connection; for longer ones it is closed. */
const discardBytesMax = 256 * 1024;
/** Twice the largest body that a route takes. */
const lingerBytesMax = 16 * 1024 * 1024;
/** A client that goes on sending for longer, or that never reads, is cut off. */
const lingerMs = 5000;
/** Past it a connection is closed at once, whatever its client sees: a client gets here without a token. */
const lingeringMax = 1000;

let lingering = 0;

/** Answers a request of which a part may still be on its way. */
export function answer(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (!request.complete) {
    request.resume();
    if (declaredBytes(request) > discardBytesMax || waitsToBeAsked(request))
      return answerLast(request, response, reply);
  }
  writeReply(response, reply);
}

/** Answers, and closes the connection in stages. */
export function answerLast({ socket }: IncomingMessage, response: ServerResponse, reply: Reply): void {
  // Node sends `connection: close`, and closes.
  response.shouldKeepAlive = false;
  // Node calls it when the last answer on a socket has left.
  socket.destroySoon = () => {
    socket.end();
    linger(socket);
  };
  writeReply(response, reply);
}

function declaredBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? (headers['transfer-encoding'] ? Infinity : 0));
}

/** Answers on a socket for which there is no response, and closes it in stages. */
export function answerAndClose(socket: Socket, { status, code, message, definite }: HttpError): void {
  // Not every socket was seen by the server before Node gave it up.
  connectionOf(socket);
  const body = JSON.stringify(errorBody({ code, message, definite }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    `x-request-id: ${newRequestId()}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  linger(socket);
}

const lingers = Symbol('a socket that is closed in stages');

/** Takes the socket from Node's parser: what comes now is no request any more. */
function linger(socket: Socket & { [lingers]?: true }): void {
  if (socket.destroyed || socket[lingers]) return;
  socket[lingers] = true;
  if (lingering >= lingeringMax) {
    Socket.prototype.destroySoon.call(socket);
    return;
  }
  lingering++;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.on('close', () => {
    lingering--;
    clearTimeout(timer);
  });
  let left = lingerBytesMax;
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    left -= bytes.length;
    if (left < 0) socket.destroy();
  });
  socket.resume();
}
