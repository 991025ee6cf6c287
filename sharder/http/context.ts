/** What every route needs. */
import type { IncomingMessage } from 'node:http';
import type { Limits } from '../core/limits.ts';
import type { Store } from '../core/store.ts';
import type { Preconditions } from './conditions.ts';
import { type Connection, connectionOf } from './connection.ts';
import { Lifetime } from './lifetime.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { Reply } from './reply.ts';

/** What the requests of one process may hold together. */
export interface Budgets {
  bodies: MemoryBudget;
  replies: MemoryBudget;
}

export interface RouteContext {
  store: Store;
  limits: Limits;
  budgets: Budgets;
}

export class RouteRequest {
  readonly request: IncomingMessage;
  readonly connection: Connection;
  /** What follows the route's prefix in the path, still percent-encoded; '' for a route without one. */
  readonly rest: string;
  /** If-Match and If-None-Match. The app checks those of reads, a handler those of a write. */
  readonly conditions: Preconditions | null;
  /** Null while the request has taken nothing. */
  begun: Lifetime | null = null;

  constructor(request: IncomingMessage, rest: string, conditions: Preconditions | null) {
    this.request = request;
    this.connection = connectionOf(request.socket);
    this.rest = rest;
    this.conditions = conditions;
  }

  get lifetime(): Lifetime {
    return (this.begun ??= new Lifetime(this.connection));
  }
}

/** Answers a request. @throws HttpError */
export type Handler = (context: RouteContext, request: RouteRequest) => Promise<Reply> | Reply;
