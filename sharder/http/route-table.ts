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

type Probes = ReadonlyMap<string, Handler>;
type Methods = ReadonlyMap<string, Handler>;

/** HEAD is answered as GET; Node leaves the body out. */
const reading = (handler: Handler): Methods =>
  new Map([
    ['GET', handler],
    ['HEAD', handler],
  ]);
const kv: Methods = new Map([...reading(getKey), ['PUT', putKey], ['DELETE', deleteKey]]);
const batches: Methods = new Map([['POST', batch]]);
const list = reading(listShards);
const set: Methods = new Map([['PUT', setPath]]);
const get = reading(getPath);
const remove: Methods = new Map([['DELETE', deletePath]]);
/** Methods of the server as a whole: those of all its routes. */
const any: Methods = new Map([...kv, ...batches]);

/** @throws HttpError 404, 405 or 501. */
export function matchRoute(method: string, path: string, probes: Probes): Route {
  if (path.startsWith('/v1/')) return matchVersion1(method, path);
  const probe = probes.get(path);
  if (probe) return { name: 'probe', handler: choose(reading(probe), method), rest: '' };
  if (path === '/') return { name: 'list', handler: choose(list, method), rest: '' };
  if (path === '/set') return { name: 'set', handler: choose(set, method), rest: '' };
  if (path.startsWith('/get/')) return { name: 'get', handler: choose(get, method), rest: path.slice(5) };
  if (path.startsWith('/delete/'))
    return { name: 'delete', handler: choose(remove, method), rest: path.slice(8) };
  if (path === '*') return { name: 'none', handler: choose(any, method), rest: '' };
  return { name: 'get', handler: choose(get, method), rest: path.slice(1) };
}

function matchVersion1(method: string, path: string): Route {
  if (path.startsWith('/v1/kv/')) return { name: 'kv', handler: choose(kv, method), rest: path.slice(7) };
  if (path === '/v1/batch') return { name: 'batch', handler: choose(batches, method), rest: '' };
  throw new HttpError(404, 'not_found', 'there is no such route; GET /openapi.json lists them');
}

/** The admin port's routes: it serves no data. @throws HttpError 404, 405 or 501. */
export function matchProbe(method: string, path: string, probes: Probes): Route {
  const probe = path === '*' ? undefined : probes.get(path);
  if (probe) return { name: 'probe', handler: choose(reading(probe), method), rest: '' };
  if (path === '*') return { name: 'none', handler: choose(reading(nothing), method), rest: '' };
  throw new HttpError(
    404,
    'not_found',
    `there are ${[...probes.keys()].join(', ')} here; data are elsewhere`,
  );
}

const nothing: Handler = () => ({ status: 204, headers: [], body: null });

/** Methods that HTTP itself defines (RFC 9110, RFC 5789): known, if not allowed everywhere. */
const known = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT']);

/** RFC 9110, sections 9.1 and 9.3.7. @throws HttpError 405 or 501. */
function choose(methods: Methods, method: string): Handler {
  const handler = methods.get(method);
  if (handler) return handler;
  const allow = allowOf(methods.keys());
  if (method === 'OPTIONS') return () => ({ status: 204, headers: ['allow', allow], body: null });
  throw notAllowed(method, allow);
}

export function allowOf(methods: Iterable<string>): string {
  return [...methods, 'OPTIONS'].join(', ');
}

export function notAllowed(method: string, allow: string): HttpError {
  if (!known.has(method))
    return new HttpError(501, 'not_implemented', `the method ${method} is not known here`);
  return new HttpError(405, 'method_not_allowed', `allowed here: ${allow}`, ['allow', allow]);
}
