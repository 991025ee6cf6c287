/**
 * Writes responses to Node's response itself, past Koa's own: one flat list of headers and one buffer are what a small
 * response costs least with (measured by `make bench-sharder`).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, type HttpError } from './http-error.ts';
import { requestIdOf } from './request-id.ts';

/** A response before it is written; `headers` holds names and values in turn. */
export interface Reply {
  status: number;
  headers: string[];
  body: Uint8Array | string | null;
  /**
   * Of a request that has written: the same outcomes without their values, for when there is no room for these. It cannot be
   * refused any more, because a refusal says that nothing was applied.
   */
  brief?: () => Reply;
}

/** Why something is missing in a brief reply. */
export const leftOut = 'left out: too many large replies are under way';

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

/** Sends it; a client that has gone is not an error. */
export function writeReply(response: ServerResponse, { status, headers, body }: Reply): void {
  if (response.headersSent || response.destroyed) return;
  addCommonHeaders(response.req, headers);
  if (body === null) {
    response.writeHead(status, headers);
    response.end();
    return;
  }
  headers.push('content-length', String(Buffer.byteLength(body)));
  response.writeHead(status, headers);
  if (typeof body === 'string' || body.length > oneChunkBytesMax) response.end(body);
  // Latin-1 maps bytes to code units and back one to one; Node joins it to the headers, which are Latin-1 as well.
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
}

/**
 * What every answer carries: no cache may keep it, since it is linearizable only at its moment, and its name. What calls
 * itself a browser is told besides that no page of another origin may load it as a script, a picture or the like: of
 * plain HTTP to an address, browsers send no Sec-Fetch-Site by which it could be refused.
 */
export function addCommonHeaders(request: IncomingMessage, headers: string[]): void {
  headers.push('cache-control', 'no-store', 'x-request-id', requestIdOf(request));
  if (request.headers['user-agent']?.startsWith('Mozilla/'))
    headers.push('cross-origin-resource-policy', 'same-origin', 'x-content-type-options', 'nosniff');
}
