/** Reads a request's body into one buffer, bounded by its route and, over all requests, by a budget. */
import type { IncomingMessage } from 'node:http';
import { askForBody } from './expect-continue.ts';
import { badRequest, HttpError, tooLarge } from './http-error.ts';

/** Bytes of bodies that may be held at one time by all requests together. */
export class BodyBudget {
  private free: number;

  constructor(bytes: number) {
    this.free = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.free += bytes;
  }
}

/**
 * The whole body; the caller gives its length back to the budget when it is done with it.
 * @throws HttpError 413 when it is longer than `bytesMax`, 429 when the budget is spent, 400 when the client breaks off.
 */
export function readBody(request: IncomingMessage, bytesMax: number, budget: BodyBudget): Promise<Buffer> {
  // Of a request without a body, the server's setting lets no event tell the end: there is nothing to wait for.
  if (hasNoBody(request)) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > bytesMax) {
      reject(tooLarge(`the body has ${declared} bytes; at most ${bytesMax} are allowed`));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (error: HttpError) => {
      request.removeAllListeners('data');
      budget.give(length);
      length = 0;
      chunks.length = 0;
      reject(error);
    };
    request.on('data', (chunk: Buffer) => {
      if (length + chunk.length > bytesMax)
        return fail(tooLarge(`the body is longer than ${bytesMax} bytes`));
      if (!budget.take(chunk.length)) {
        return fail(new HttpError(429, 'overloaded', 'too many bodies are under way', ['retry-after', '1']));
      }
      length += chunk.length;
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    request.on('error', () => fail(badRequest('the body broke off')));
    askForBody(request);
  });
}

/** A body where none is expected is read and forgotten. */
const idleBytesMax = 1024;

/**
 * Waits for the end of a request that should have no body, so that a malformed one is refused before anything is done.
 * @throws HttpError as `readBody`.
 */
export async function readNoBody(request: IncomingMessage, budget: BodyBudget): Promise<void> {
  if (hasNoBody(request)) return;
  budget.give((await readBody(request, idleBytesMax, budget)).length);
}

export function hasNoBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding === undefined && (length === undefined || length === '0');
}
