/** What every route needs. */
import type { IncomingMessage } from 'node:http';
import type { Limits } from '../core/limits.ts';
import type { Store } from '../core/store.ts';
import type { Preconditions } from './conditions.ts';
import type { BodyBudget } from './read-body.ts';
import type { Reply } from './reply.ts';

export interface RouteContext {
  store: Store;
  limits: Limits;
  budget: BodyBudget;
}

export interface RouteRequest {
  request: IncomingMessage;
  /** What follows the route's prefix in the path, still percent-encoded; '' for a route without one. */
  rest: string;
  /** If-Match and If-None-Match. The app looks after those of reads, a handler after those of a write. */
  conditions: Preconditions | null;
}

/** Answers a request. @throws HttpError */
export type Handler = (context: RouteContext, request: RouteRequest) => Promise<Reply> | Reply;
