/** The Koa application: probes are answered by every view server, everything else by the leader, in whose name the others ask. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { admit } from '../../../sharder/http/admission.ts';
import { underConditions } from '../../../sharder/http/conditions.ts';
import { waitsToBeAsked } from '../../../sharder/http/expect-continue.ts';
import { HttpError } from '../../../sharder/http/http-error.ts';
import { OriginCheck } from '../../../sharder/http/origin-check.ts';
import type { Readiness } from '../../../sharder/http/probes.ts';
import { BodyBudget } from '../../../sharder/http/read-body.ts';
import { errorReply, jsonReply, type Reply, writeReply } from '../../../sharder/http/reply.ts';
import { requestIdOf } from '../../../sharder/http/request-id.ts';
import { allowOf, notAllowed } from '../../../sharder/http/route-table.ts';
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
  /** Who may be spoken to, and on whose behalf; left out: no name but localhost. */
  origins?: OriginCheck;
  logger: Logger;
}

const withoutNames = new OriginCheck([]);

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
  const method = request.method!;
  const isRead = method === 'GET' || method === 'HEAD';
  try {
    const { path, conditions } = admit(request, options.origins ?? withoutNames);
    const leadership = options.leadership();
    if (path === '/events' && method === 'GET' && leadership !== null)
      return streamEvents(leadership, request, response);
    let reply =
      path === '*'
        ? optionsOf(allowOf(['GET', 'HEAD', 'POST', 'DELETE']))
        : await answerProbe(options, method, path);
    if (reply === null && leadership === null) return forward(request, response, options.lease.leader, path);
    reply ??= await runRoute({ leadership: leadership!, request, budget, conditions }, path);
    if (conditions !== null && isRead) reply = underConditions(conditions, reply);
    writeReply(response, reply);
  } catch (error) {
    const known = asHttpError(error, !isRead);
    if (known === null)
      options.logger.error({ err: error, requestId: requestIdOf(request) }, 'a handler failed');
    if (!request.complete) request.resume();
    const reply = errorReply(known ?? new HttpError(504, 'internal', 'the view server failed'));
    if (waitsToBeAsked(request)) reply.headers.push('connection', 'close');
    writeReply(response, reply);
  }
}

const reading = allowOf(['GET', 'HEAD']);
const optionsOf = (allow: string): Reply => ({ status: 204, headers: ['allow', allow], body: null });

/** Null for what is no probe. */
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
