/** Node's types allow both to be missing, which is true of answers alone. */
import type { IncomingMessage } from 'node:http';
import { present } from '../core/invariant.ts';

export function methodOf({ method }: IncomingMessage): string {
  return present(method, 'the method of a request');
}

/** As it was sent. */
export function targetOf({ url }: IncomingMessage): string {
  return present(url, 'the target of a request');
}
