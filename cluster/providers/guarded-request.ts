/** A request to an endpoint that speaks TLS by Vase's own authority and asks for a token. */
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';

/** What a user of a guarded endpoint has. */
export interface StoreAccess {
  /** PEM: signs the endpoint's certificate. */
  authority: Buffer;
  token: string;
}

export interface GuardedAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** @throws Error when no complete answer arrives, or the authority did not sign the server's certificate. */
export function askGuarded(
  url: string,
  { authority, token }: StoreAccess,
  { method, body, signal }: { method: string; body?: Buffer | undefined; signal: AbortSignal },
): Promise<GuardedAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-length': body.length }),
    };
    const asking = request(url, { method, headers, ca: authority, agent: false, signal }, (response) => {
      const { statusCode: status, headers: given } = response;
      buffer(response).then((bytes) => resolve({ status: status!, headers: given, body: bytes }), reject);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}
