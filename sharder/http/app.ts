/**
 * The Koa application: one middleware that finds the route, runs its handler and writes the reply. It answers through
 * Node's response itself, because Koa's own way of answering costs a third of a small request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import { admit } from './admission.ts';
import type { BearerToken } from './bearer-token.ts';
import { underConditions } from './conditions.ts';
import { type Handler, type RouteContext, RouteRequest } from './context.ts';
import { answer as send } from './closing.ts';
import { held } from './hold-reply.ts';
import { HttpError } from './http-error.ts';
import type { Lifetime } from './lifetime.ts';
import { OriginCheck } from './origin-check.ts';
import { requestIdOf } from './request-id.ts';
import { methodOf } from './request-line.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { SlowRequests } from './slow-requests.ts';
import { errorReply, type Reply } from './reply.ts';
import { matchProbe, matchRoute, type RouteName } from './route-table.ts';

export interface AppOptions {
  context: RouteContext;
  /** Routes that are not about keys, by path: /livez, /readyz, /metrics, /openapi.json. */
  probes: ReadonlyMap<string, Handler>;
  /** True for the admin port: probes alone, no data. */
  probesOnly?: boolean;
  /** The names by which the server may be called, and by pages of which origins; left out: no name but localhost. */
  origins?: OriginCheck;
  metrics: RequestMetrics;
  logger: Logger;
  /** Left out: slow requests are not logged. */
  slow?: SlowRequests;
  /** The token that all requests but those to probes must carry; left out: none. */
  token?: BearerToken | null;
}

const withoutNames = new OriginCheck([]);

/**
 * Koa without the parts that answers here do not need: its watch on the end of each response, which is for streams as
 * bodies, and its own request and response objects. Each costs a tenth of a small request.
 */
class BufferedKoa extends Koa {
  // Koa calls it for each request; its types do not name it.
  handleRequest(context: Koa.Context, middleware: (context: Koa.Context) => Promise<void>): Promise<void> {
    return middleware(context);
  }

  override createContext<State = Koa.DefaultState>(req: IncomingMessage, res: ServerResponse) {
    return { app: this, req, res } as unknown as Koa.ParameterizedContext<State>;
  }
}

export function createApp(options: AppOptions): Koa {
  const app = new BufferedKoa();
  app.silent = true;
  app.use((ctx) => answer(options, ctx.req, ctx.res));
  return app;
}

async function answer(
  options: AppOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAtMs = performance.now();
  const method = methodOf(request);
  const { token = null } = options;
  let name: RouteName = 'none';
  let reply: Reply;
  let routed: RouteRequest | null = null;
  try {
    const { path, conditions } = admit(request, options.origins ?? withoutNames);
    const route = (options.probesOnly ? matchProbe : matchRoute)(method, path, options.probes);
    name = route.name;
    if (token !== null && name !== 'probe') token.demand(request);
    routed = new RouteRequest(request, route.rest, conditions);
    reply = await route.handler(options.context, routed);
    if (conditions !== null && isRead(method)) reply = underConditions(conditions, reply);
    reply = held(routed, options.context.budgets, reply);
  } catch (error) {
    reply = errorReply(error instanceof HttpError ? error : unexpected(error, request, options.logger));
  }
  try {
    send(request, response, reply);
    if (routed !== null && routed.begun !== null) endAfter(routed.begun, response, reply);
    note(options, response, { name, status: reply.status, startedAtMs });
  } catch (error) {
    options.logger.error({ err: error, requestId: requestIdOf(request) }, 'a reply failed');
    response.destroy();
  }
}

interface Answered {
  name: RouteName;
  status: number;
  startedAtMs: number;
}

function note(options: AppOptions, response: ServerResponse, { name, status, startedAtMs }: Answered): void {
  const method = methodOf(response.req);
  const endedAtMs = performance.now();
  options.metrics.observe(name, method, status, endedAtMs - startedAtMs);
  if (!options.slow?.concerns(response, endedAtMs - startedAtMs)) return;
  const requestId = requestIdOf(response.req);
  options.slow.note(response, startedAtMs, endedAtMs, { requestId, route: name, method, status });
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** A programmer's error: the operation may have been applied, so it is no definite failure. */
function unexpected(error: unknown, request: IncomingMessage, logger: Logger): HttpError {
  logger.error({ err: error, requestId: requestIdOf(request) }, 'a handler failed');
  return new HttpError(504, 'internal', 'the sharder failed while it carried this out');
}

/** Keeps, of what the request took, only the bytes of its reply, until the reply has left. */
function endAfter(lifetime: Lifetime, response: ServerResponse, { hold = null }: Reply): void {
  lifetime.releaseAllBut(hold);
  if (hold === null) lifetime.end();
  else lifetime.endWith(response);
}
