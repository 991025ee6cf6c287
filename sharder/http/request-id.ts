/**
 * The name of a request, which its answer and the log carry: the client's own in `x-request-id`, or one that is made
 * here from a random word of the process and a counter, which costs no randomness per request.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isPlain } from './plain-request.ts';

const ofProcess = `${randomBytes(6).toString('hex')}-`;
let count = 0;

/** Visible ASCII, so that it can stand in a header and a log as it is. */
const acceptable = /^[!-~]{1,128}$/;

const id = Symbol('request id');
type Named = IncomingMessage & { [id]?: string };

export function newRequestId(): string {
  return ofProcess + String(++count);
}

/** The same for each call with one request. */
export function requestIdOf(request: Named): string {
  return (request[id] ??= nameOf(request));
}

function nameOf(request: IncomingMessage): string {
  const given = isPlain(request) ? undefined : request.headers['x-request-id'];
  return typeof given === 'string' && acceptable.test(given) ? given : newRequestId();
}
