/**
 * `Expect: 100-continue` (RFC 9110, section 10.1.1): the client is asked for its body when a handler reads it, and a
 * request that is refused before gets its refusal alone.
 */
import type { IncomingMessage, RequestListener } from 'node:http';

const ask = Symbol('asks for the body');
type Expecting = IncomingMessage & { [ask]?: (() => void) | null };

/** A listener for the server's `checkContinue`. */
export function expectingContinue(handle: RequestListener): RequestListener {
  return (request: Expecting, response) => {
    request[ask] = () => response.writeContinue();
    handle(request, response);
  };
}

/** A reader of the body calls this before. */
export function askForBody(request: Expecting): void {
  const asking = request[ask];
  if (!asking) return;
  request[ask] = null;
  asking();
}

/** Whether the client still waits to be asked: it may send its body or not, so that the connection cannot go on. */
export function waitsToBeAsked(request: Expecting): boolean {
  return Boolean(request[ask]);
}
