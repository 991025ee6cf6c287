/** The Koa application: every view server answers probes; the leader answers all else, and the others forward it to the leader. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { admit } from '../../../sharder/http/admission.ts';
import { underConditions } from '../../../sharder/http/conditions.ts';
import { answer as send } from '../../../sharder/http/closing.ts';
import { type Budgets, RouteRequest } from '../../../sharder/http/context.ts';
import { registerBudgetMetrics } from '../../../sharder/http/edge-metrics.ts';
import { held } from '../../../sharder/http/hold-reply.ts';
import { HttpError } from '../../../sharder/http/http-error.ts';
import { OriginCheck } from '../../../sharder/http/origin-check.ts';
import type { Readiness } from '../../../sharder/http/probes.ts';
import { MemoryBudget } from '../../../sharder/http/memory-budget.ts';
import { errorReply, jsonReply, type Reply } from '../../../sharder/http/reply.ts';
import { methodOf } from '../../../sharder/http/request-line.ts';
import { requestIdOf } from '../../../sharder/http/request-id.ts';
import { allowOf, notAllowed } from '../../../sharder/http/route-table.ts';
import type { LeaderLease } from '../home/leader-lease.ts';
import type { Leadership } from '../leading/leadership.ts';
import { asHttpError } from './errors.ts';
import { registerReaderMetrics, streamEvents } from './event-stream.ts';
import { forward } from './forward.ts';
import { runRoute } from './routes.ts';

const bodyBudgetBytes = 4 * 1024 * 1024;
const replyBudgetBytes = 32 * 1024 * 1024;

export interface AppOptions {
  registry: Registry;
  readiness: Readiness;
  lease: LeaderLease;
  /** Null while this one stands by. */
  leadership: () => Leadership | null;
  /** The host names and origins that a request may have; absent: no name but localhost. */
  origins?: OriginCheck;
  logger: Logger;
}

const withoutNames = new OriginCheck([]);

export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  app.silent = true;
  const budgets: Budgets = {
    bodies: new MemoryBudget('bodies', bodyBudgetBytes),
    replies: new MemoryBudget('replies', replyBudgetBytes),
  };
  registerBudgetMetrics(options.registry, budgets);
  registerReaderMetrics(options.registry);
  app.use(async (ctx) => {
    ctx.respond = false;
    try {
      await answer(options, budgets, ctx.req, ctx.res);
    } catch (error) {
      options.logger.error({ err: error, requestId: requestIdOf(ctx.req) }, 'a reply failed');
      ctx.res.destroy();
    }
  });
  return app;
}

async function answer(
  options: AppOptions,
  budgets: Budgets,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = methodOf(request);
  const isRead = method === 'GET' || method === 'HEAD';
  let routed: RouteRequest | null = null;
  try {
    const { path, conditions } = admit(request, options.origins ?? withoutNames);
    routed = new RouteRequest(request, '', conditions);
    const leadership = options.leadership();
    if (path === '/events' && method === 'GET' && leadership !== null)
      return streamEvents(leadership, routed, response);
    let reply =
      path === '*'
        ? optionsOf(allowOf(['GET', 'HEAD', 'POST', 'DELETE']))
        : await answerProbe(options, method, path);
    if (reply === null) {
      if (leadership === null) return forward(routed, response, options.lease.leader, path);
      reply = await runRoute({ leadership, routed, budgets }, path);
    }
    if (conditions !== null && isRead) reply = underConditions(conditions, reply);
    send(request, response, held(routed, budgets, reply));
  } catch (error) {
    const known = asHttpError(error, !isRead);
    if (known === null)
      options.logger.error({ err: error, requestId: requestIdOf(request) }, 'a handler failed');
    const unknown = new HttpError(504, 'internal', 'the view server failed');
    send(request, response, errorReply(known ?? unknown));
  } finally {
    routed?.begun?.endWith(response);
  }
}

const reading = allowOf(['GET', 'HEAD']);
const optionsOf = (allow: string): Reply => ({ status: 204, headers: ['allow', allow], body: null });

/** Null when the request is no probe. */
async function answerProbe(options: AppOptions, method: string, path: string): Promise<Reply | null> {
  const probe = probes[path];
  if (probe === undefined) return null;
  if (method === 'OPTIONS') return optionsOf(reading);
  if (method !== 'GET' && method !== 'HEAD') throw notAllowed(method, reading);
  return probe(options);
}

const probes: Readonly<Record<string, (options: AppOptions) => Reply | Promise<Reply>>> = {
  '/livez': () => jsonReply(200, { status: 'ok' }),
  '/readyz': ({ readiness }) => {
    if (readiness.problem !== null) throw new HttpError(503, 'unavailable', readiness.problem);
    return jsonReply(200, { status: 'ok' });
  },
  '/metrics': async ({ registry }) => ({
    status: 200,
    headers: ['content-type', registry.contentType],
    body: await registry.metrics(),
  }),
};
