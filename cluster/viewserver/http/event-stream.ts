/**
 * Server-sent events: the kept ones after `last-event-id`, then each as it happens, as long as this view server is the leader;
 * then the reader asks the next leader. A reader that lags, or takes nothing from one heartbeat to the next, is cut off.
 */
import type { ServerResponse } from 'node:http';
import { Gauge, type Registry } from 'prom-client';
import type { RouteRequest } from '../../../sharder/http/context.ts';
import { HttpError } from '../../../sharder/http/http-error.ts';
import { addCommonHeaders } from '../../../sharder/http/reply.ts';
import type { ClusterEvent } from '../home/event-log.ts';
import type { Leadership } from '../leading/leadership.ts';

const readersMax = 64;
const unsentBytesMax = 1024 * 1024;
/** Heartbeats show proxies and readers that the stream is alive. */
const heartbeatMs = 10_000;

let readers = 0;

export function registerReaderMetrics(registry: Registry): void {
  const gauge = new Gauge({
    name: 'vase_event_readers',
    help: 'Clients that follow the events.',
    registers: [registry],
    collect() {
      this.set(readers);
    },
  });
  void gauge;
}

/** @throws HttpError 429 when there are too many readers. */
export function streamEvents(
  { events, ended }: Pick<Leadership, 'events' | 'ended'>,
  { request, lifetime }: RouteRequest,
  response: ServerResponse,
): void {
  if (readers >= readersMax)
    throw new HttpError(429, 'overloaded', 'too many readers of events', ['retry-after', '1']);
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
  let unsentBefore = 0;
  const heartbeat = setInterval(() => {
    const unsent = response.writableLength;
    if (unsentBefore > 0 && unsent >= unsentBefore) response.destroy();
    else if (unsent === 0) response.write(':\n\n');
    unsentBefore = unsent;
  }, heartbeatMs);
  const end = () => {
    lifetime.end();
    response.end();
  };
  ended.addEventListener('abort', end);
  readers += 1;
  lifetime.keep({
    release() {
      readers -= 1;
      clearInterval(heartbeat);
      stop();
      ended.removeEventListener('abort', end);
    },
  });
  if (ended.aborted) end();
}

function format({ id, name, at, data }: ClusterEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ at, ...data })}\n\n`;
}
