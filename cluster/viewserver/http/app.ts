/** The Koa application: probes are answered by every view server, everything else by the leader, in whose name the others ask. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { badRequest, HttpError } from '../../../sharder/http/http-error.ts';
import type { Readiness } from '../../../sharder/http/probes.ts';
import { BodyBudget } from '../../../sharder/http/read-body.ts';
import { errorReply, jsonReply, type Reply, writeReply } from '../../../sharder/http/reply.ts';
import type { LeaderLease } from '../leader-lease.ts';
import type { Leadership } from '../leadership.ts';
import { asHttpError } from './errors.ts';
import { streamEvents } from './event-stream.ts';
import { forward } from './forward.ts';
import { runRoute } from './routes.ts';

const bodyBudgetBytes = 4 * 1024 * 1024;

export interface AppOptions {
  registry: Registry;
  readiness: Readiness;
  lease: LeaderLease;
  /** Null while this one stands by. */
  leadership: () => Leadership | null;
  logger: Logger;
}

export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  app.silent = true;
  const budget = new BodyBudget(bodyBudgetBytes);
  app.use(async (ctx) => {
    ctx.respond = false;
    await answer(options, budget, ctx.req, ctx.res);
  });
  return app;
}

async function answer(
  options: AppOptions,
  budget: BodyBudget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url!.split('?')[0]!;
  const isChange = request.method !== 'GET' && request.method !== 'HEAD';
  try {
    // Anything else would become part of another server's address when it is handed on.
    if (!path.startsWith('/')) throw badRequest('the target of a request begins with /');
    const probe = await answerProbe(options, path);
    if (probe !== null) return writeReply(response, probe);
    const leadership = options.leadership();
    if (leadership === null) return forward(request, response, options.lease.leader);
    if (path === '/events' && request.method === 'GET') return streamEvents(leadership, request, response);
    writeReply(response, await runRoute({ leadership, request, budget }, path));
  } catch (error) {
    const known = asHttpError(error, isChange);
    if (known === null) options.logger.error({ err: error, path }, 'a handler failed');
    if (!request.complete) request.resume();
    writeReply(response, errorReply(known ?? new HttpError(504, 'internal', 'the view server failed')));
  }
}

async function answerProbe({ registry, readiness }: AppOptions, path: string): Promise<Reply | null> {
  switch (path) {
    case '/livez':
      return jsonReply(200, { status: 'ok' });
    case '/readyz':
      if (readiness.problem !== null) throw new HttpError(503, 'unavailable', readiness.problem);
      return jsonReply(200, { status: 'ok' });
    case '/metrics':
      return {
        status: 200,
        headers: ['content-type', registry.contentType],
        body: await registry.metrics(),
      };
    default:
      return null;
  }
}
