/** The checks that every request passes first, on every port and at the view server: a faulty request is refused here. */
import type { IncomingMessage } from 'node:http';
import { preconditionsOf, type Preconditions } from './conditions.ts';
import type { OriginCheck } from './origin-check.ts';
import { plainHostOf } from './plain-request.ts';
import { checkRequest } from './request-check.ts';
import { methodOf, targetOf } from './request-line.ts';
import { parseTarget } from './target.ts';

export interface Admitted {
  /** Still percent-encoded, without a query; `*` with OPTIONS alone. */
  path: string;
  conditions: Preconditions | null;
}

/** @throws HttpError */
export function admit(request: IncomingMessage, origins: OriginCheck): Admitted {
  const { path, authority } = parseTarget(methodOf(request), targetOf(request));
  if (authority === null && request.httpVersionMajor === 1) {
    const host = plainHostOf(request);
    if (host !== null) {
      origins.checkHost(host);
      return { path, conditions: null };
    }
  }
  origins.check(request, authority);
  checkRequest(request);
  return { path, conditions: preconditionsOf(request) };
}
