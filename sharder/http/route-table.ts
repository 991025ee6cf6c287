/** Which handler answers which method and path. Paths stay percent-encoded: a key may contain any character. */
import { batch } from './batch-route.ts';
import type { Handler } from './context.ts';
import { HttpError } from './http-error.ts';
import { deleteKey, getKey, putKey } from './kv-routes.ts';
import { deletePath, getPath, listShards, setPath } from './original-routes.ts';

/** A route's name in the metrics. */
export type RouteName = 'kv' | 'batch' | 'set' | 'get' | 'delete' | 'list' | 'probe' | 'none';

export interface Route {
  name: RouteName;
  handler: Handler;
  rest: string;
}

const notFound = () =>
  new HttpError(404, 'not_found', 'there is no such route; GET /openapi.json lists them');
const notAllowed = (allow: string) =>
  new HttpError(405, 'method_not_allowed', `allowed here: ${allow}`, ['allow', allow]);

/** @throws HttpError 404 or 405. */
export function matchRoute(method: string, path: string, probes: ReadonlyMap<string, Handler>): Route {
  if (path.startsWith('/v1/')) return matchVersion1(method, path);
  const probe = probes.get(path);
  if (probe) return { name: 'probe', handler: only('GET', method, probe), rest: '' };
  if (path === '/') return { name: 'list', handler: only('GET', method, listShards), rest: '' };
  if (path === '/set') return { name: 'set', handler: only('PUT', method, setPath), rest: '' };
  if (path.startsWith('/get/'))
    return { name: 'get', handler: only('GET', method, getPath), rest: path.slice(5) };
  if (path.startsWith('/delete/')) {
    return { name: 'delete', handler: only('DELETE', method, deletePath), rest: path.slice(8) };
  }
  if (!path.startsWith('/')) throw notFound();
  return { name: 'get', handler: only('GET', method, getPath), rest: path.slice(1) };
}

function matchVersion1(method: string, path: string): Route {
  if (path.startsWith('/v1/kv/')) return { name: 'kv', handler: kvHandler(method), rest: path.slice(7) };
  if (path === '/v1/batch') return { name: 'batch', handler: only('POST', method, batch), rest: '' };
  throw notFound();
}

function kvHandler(method: string): Handler {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return getKey;
    case 'PUT':
      return putKey;
    case 'DELETE':
      return deleteKey;
    default:
      throw notAllowed('GET, HEAD, PUT, DELETE');
  }
}

function only(allowed: string, method: string, handler: Handler): Handler {
  if (method === allowed || (allowed === 'GET' && method === 'HEAD')) return handler;
  throw notAllowed(allowed === 'GET' ? 'GET, HEAD' : allowed);
}
