/**
 * A view server that stands by hands requests on to the one that leads, body and answer as they come, so that any of them
 * can be asked.
 */
import {
  Agent,
  request as startRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { HttpError } from '../../../sharder/http/http-error.ts';
import { askForBody } from '../../../sharder/http/expect-continue.ts';
import { errorReply, writeReply } from '../../../sharder/http/reply.ts';
import { requestIdOf } from '../../../sharder/http/request-id.ts';
import type { Leader } from '../leader-lease.ts';

/** Expect is answered here: the body is asked for before it is handed on. */
const oneConnection = ['connection', 'expect', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'];

/** Two that each take the other for the leader must not send a request to and fro. */
const forwardedHeader = 'vase-forwarded';

/** For the head of the answer: longer than the leader itself waits for the home shard. Its body may take any time. */
const answerMsMax = 6000;

/** Node's own may send requests through a proxy (cluster/skip-proxies.ts). */
const direct = new Agent({ keepAlive: true });

/** @param path begins with `/`: anything else would become part of the other server's address. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  leader: Leader | null,
  path: string,
): void {
  if (leader === null || request.headers[forwardedHeader] !== undefined) {
    request.resume();
    writeReply(response, errorReply(noLeader('no view server leads for the moment')));
    return;
  }
  const onward = startRequest(
    `http://${leader.address}${path}`,
    {
      agent: direct,
      method: request.method!,
      headers: { ...endToEnd(request.headers), [forwardedHeader]: '1', 'x-request-id': requestIdOf(request) },
    },
    (answer) => {
      clearTimeout(timer);
      response.writeHead(answer.statusCode!, {
        ...endToEnd(answer.headers),
        'vase-view-server': leader.name,
      });
      // A stream of events may have nothing to say for a while.
      response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    },
  );
  const timer = setTimeout(() => onward.destroy(new Error('no answer in time')), answerMsMax);
  onward.on('error', (error) => {
    request.resume();
    // It may have been taken on before the connection broke.
    const sent = (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' && request.method !== 'GET';
    if (response.headersSent) response.destroy();
    else if (sent)
      writeReply(response, errorReply(new HttpError(504, 'timeout', `${leader.name} did not answer`)));
    else writeReply(response, errorReply(noLeader(`${leader.name} does not answer`)));
  });
  onward.on('close', () => clearTimeout(timer));
  response.on('close', () => onward.destroy());
  askForBody(request);
  request.pipe(onward);
}

/** What is said of one connection alone is not handed on (RFC 9110, section 7.6.1). Node frames a body as the header says. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const dropped = new Set([...oneConnection, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

function noLeader(message: string): HttpError {
  return new HttpError(503, 'no_leader', message, ['retry-after', '1']);
}
