/**
 * Writes responses to Node's response itself, past Koa's own: a small response costs least as one flat list of headers and
 * one buffer (measured by `make bench-sharder`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionOf } from './connection.ts';
import { errorBody, type HttpError } from './http-error.ts';
import { writeHead } from './head.ts';
import { JsonParts } from './json-text.ts';
import type { Hold } from './memory-budget.ts';
import { isBrowser, isPlain } from './plain-request.ts';
import { requestIdOf } from './request-id.ts';
import { watchReader } from './stalled-readers.ts';

/** A list is sent as one body, part by part; JSON with large values in it is encoded when there is room for it. */
export type Body = Uint8Array | string | null | readonly (Uint8Array | string)[] | JsonParts;

/** A response before it is written; `headers` holds names and values in turn. */
export interface Reply {
  status: number;
  headers: string[];
  body: Body;
  /**
   * For a request that has written: the same outcomes without their values, for when there is no room for these. The request
   * cannot be refused any more, because a refusal says that nothing was applied.
   */
  brief?: () => Reply;
  /** What the request holds for it until it has left. */
  hold?: Hold | null;
}

/** Why something is missing in a brief reply. */
export const leftOut = 'left out: too many large replies are under way, or this one would be too large';

export function jsonReply(status: number, body: object, headers: readonly string[] = []): Reply {
  return {
    status,
    headers: ['content-type', 'application/json; charset=utf-8', ...headers],
    body: JSON.stringify(body),
  };
}

export function errorReply(error: HttpError): Reply {
  return jsonReply(error.status, errorBody(error), error.headers);
}

/** Bodies up to this leave with their headers as one string: one write of one chunk, not a vector of two. */
const oneChunkBytesMax = 4096;

export function replyBytes({ body }: Reply): number {
  if (body === null) return 0;
  if (!isList(body)) return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  return body.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}

/** `Array.isArray` does not narrow the type of a readonly list. */
function isList(body: Body): body is readonly (Uint8Array | string)[] {
  return Array.isArray(body);
}

/** Sends it; a client that has gone is not an error. */
export function writeReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  addCommonHeaders(response.req, reply.headers);
  write(response, reply);
  connectionOf(response.req.socket).written(response);
}

function write(response: ServerResponse, reply: Reply): void {
  const { status, headers } = reply;
  if (reply.body === null) {
    writeHead(response, status, headers, null);
    response.end();
    return;
  }
  writeHead(response, status, headers, replyBytes(reply));
  const body = reply.body instanceof JsonParts ? reply.body.encode() : reply.body;
  if (isList(body)) {
    for (const part of body) response.write(part);
    response.end();
  } else if (typeof body === 'string' || body.length > oneChunkBytesMax) response.end(body);
  // Latin-1 maps bytes to code units and back one to one; Node joins it to the headers, which are Latin-1 as well.
  else response.end(asBuffer(body).toString('latin1'), 'latin1');
  const { socket } = response;
  if (socket !== null && socket.writableLength > 0) watchReader(socket);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Adds what every answer carries: that no cache may keep it, since it is linearizable only at its moment, and the request's
 * name. A client that calls itself a browser is also told that no page of another origin may load the answer as a script, a
 * picture or the like: over plain HTTP to an address, browsers send no Sec-Fetch-Site by which the request could be refused.
 */
export function addCommonHeaders(request: IncomingMessage, headers: string[]): void {
  headers.push('cache-control', 'no-store', 'x-request-id', requestIdOf(request));
  if (!isPlain(request) && isBrowser(request.headers['user-agent'] ?? ''))
    headers.push('cross-origin-resource-policy', 'same-origin', 'x-content-type-options', 'nosniff');
}
