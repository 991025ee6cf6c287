/**
 * The token that users of a guarded port must send. Both sides are hashed before they are compared, so that the time of a
 * comparison says nothing about where they differ, nor how long the token is.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

const scheme = /^bearer +([!-~]+) *$/i;
const challenge = ['www-authenticate', 'Bearer realm="vase"'];

export class BearerToken {
  private readonly digest: Buffer;

  constructor(token: string) {
    this.digest = sha256(token);
  }

  /** @throws HttpError 401, definite: nothing was applied. */
  demand(request: IncomingMessage): void {
    const given = scheme.exec(request.headers.authorization ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(sha256(given), this.digest)) return;
    const message =
      given === undefined ? 'send the token: authorization: Bearer <token>' : 'this is not the token';
    throw new HttpError(401, 'unauthorized', message, challenge);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
