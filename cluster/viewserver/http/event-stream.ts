/**
 * Server-sent events: what is kept after `last-event-id`, then everything as it happens, for as long as this view server
 * leads: its reader then asks the next one. A reader that lags is cut off.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from '../../../sharder/http/http-error.ts';
import { addCommonHeaders } from '../../../sharder/http/reply.ts';
import type { ClusterEvent } from '../event-log.ts';
import type { Leadership } from '../leadership.ts';

const readersMax = 64;
const unsentBytesMax = 1024 * 1024;
/** So that proxies and readers see that the stream lives. */
const heartbeatMs = 10_000;

let readers = 0;

/** @throws HttpError 429 when there are too many readers. */
export function streamEvents(
  { events, ended }: Pick<Leadership, 'events' | 'ended'>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (readers >= readersMax)
    throw new HttpError(429, 'overloaded', 'too many readers of events', ['retry-after', '1']);
  readers += 1;
  const headers = ['content-type', 'text/event-stream'];
  addCommonHeaders(request, headers);
  response.writeHead(200, headers);
  response.flushHeaders();
  const send = (event: ClusterEvent) => {
    response.write(format(event));
    if (response.writableLength > unsentBytesMax) response.destroy();
  };
  const lastId = Number(request.headers['last-event-id'] ?? 0);
  for (const event of events.since(Number.isSafeInteger(lastId) ? lastId : 0)) send(event);
  const stop = events.follow(send);
  const heartbeat = setInterval(() => response.write(':\n\n'), heartbeatMs);
  const release = () => {
    clearInterval(heartbeat);
    stop();
    ended.removeEventListener('abort', end);
  };
  const end = () => {
    release();
    response.end();
  };
  ended.addEventListener('abort', end);
  response.on('close', () => {
    readers -= 1;
    release();
  });
}

function format({ id, name, at, data }: ClusterEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ at, ...data })}\n\n`;
}
