/**
 * A view server that stands by forwards requests to the leader, and streams body and answer, so that a client can ask any of
 * them.
 */
import { Agent, request as startRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { present } from '../../../sharder/core/invariant.ts';
import { answer as send } from '../../../sharder/http/closing.ts';
import type { RouteRequest } from '../../../sharder/http/context.ts';
import { askForBody } from '../../../sharder/http/expect-continue.ts';
import { requestIdOf } from '../../../sharder/http/request-id.ts';
import { HttpError } from '../../../sharder/http/http-error.ts';
import { methodOf } from '../../../sharder/http/request-line.ts';
import { errorReply } from '../../../sharder/http/reply.ts';
import { watchReader } from '../../../sharder/http/stalled-readers.ts';
import type { Leader } from '../home/leader-lease.ts';

/** This server answers `Expect` itself: it asks for the body before it forwards it. */
const oneConnection = ['connection', 'expect', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

/** Two servers that each take the other for the leader must not send a request back and forth. */
const forwardedHeader = 'vase-forwarded';

/** Time for the head of the answer: longer than the leader itself waits for the home shard. The body may take any time. */
const answerMsMax = 6000;

/** Node's own may send requests through a proxy (cluster/host/skip-proxies.ts). */
const direct = new Agent({ keepAlive: true });

/** @param path begins with `/`: anything else would become part of the other server's address. @throws HttpError 503 */
export function forward(
  routed: RouteRequest,
  response: ServerResponse,
  leader: Leader | null,
  path: string,
): void {
  const { request, lifetime } = routed;
  if (leader === null || request.headers[forwardedHeader] !== undefined)
    throw noLeader('no view server leads for the moment');
  const onward = startRequest(
    `http://${leader.address}${path}`,
    {
      agent: direct,
      method: methodOf(request),
      headers: { ...endToEnd(request.headers), [forwardedHeader]: '1', 'x-request-id': requestIdOf(request) },
    },
    (answer) => {
      clearTimeout(timer);
      answer.on('error', () => response.destroy());
      try {
        response.writeHead(present(answer.statusCode, 'the status of an answer'), {
          ...endToEnd(answer.headers),
          'vase-view-server': leader.name,
        });
      } catch (error) {
        // The process at the leader's address now is no view server.
        onward.destroy(error as Error);
        return;
      }
      // A stream of events may have nothing to say for a while.
      response.flushHeaders();
      watchReader(request.socket);
      answer.pipe(response);
    },
  );
  const timer = setTimeout(() => onward.destroy(new Error('no answer in time')), answerMsMax);
  onward.on('error', (error) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // The leader may have accepted the request before the connection broke.
    const sent = (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' && request.method !== 'GET';
    const refusal = sent
      ? new HttpError(504, 'timeout', `${leader.name} did not answer`)
      : noLeader(`${leader.name} does not answer`);
    send(request, response, errorReply(refusal));
  });
  onward.on('close', () => clearTimeout(timer));
  if (!lifetime.keep({ release: () => void onward.destroy() })) return;
  askForBody(request);
  request.pipe(onward);
}

/** Headers of one connection alone are not forwarded (RFC 9110, section 7.6.1). Node frames a body as the header says. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const dropped = new Set([...oneConnection, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

function noLeader(message: string): HttpError {
  return new HttpError(503, 'no_leader', message, ['retry-after', '1']);
}
