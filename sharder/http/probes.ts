/** What is not about keys: liveness, readiness, metrics and the API's description. */
import type { Registry } from 'prom-client';
import type { Handler } from './context.ts';
import { HttpError } from './http-error.ts';
import { openApi } from './openapi.ts';
import { jsonReply } from './reply.ts';

export interface Readiness {
  /** Why no requests should be sent here now, or null. */
  problem: string | null;
}

/** Handlers by path. /livez says that the process answers and nothing more; /readyz that it should get requests. */
export function createProbes(registry: Registry, readiness: Readiness): ReadonlyMap<string, Handler> {
  const description = JSON.stringify(openApi);
  return new Map<string, Handler>([
    ['/livez', () => jsonReply(200, { status: 'ok' })],
    [
      '/readyz',
      () => {
        if (readiness.problem !== null) throw new HttpError(503, 'unavailable', readiness.problem);
        return jsonReply(200, { status: 'ok' });
      },
    ],
    [
      '/metrics',
      async () => ({
        status: 200,
        headers: ['content-type', registry.contentType],
        body: await registry.metrics(),
      }),
    ],
    [
      '/openapi.json',
      () => ({ status: 200, headers: ['content-type', 'application/json'], body: description }),
    ],
  ]);
}

/** How often each slot was asked for since the process began: too many figures for labels of metrics. */
export function slotsProbe(operations: () => Float64Array): Handler {
  return () => jsonReply(200, { operations: [...operations()] });
}
