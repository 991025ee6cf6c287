/** The target of a request (RFC 9112, section 3.2): origin-form, absolute-form, or `*` for OPTIONS. */
import { badRequest } from './http-error.ts';

export interface Target {
  /** Begins with `/` and is still percent-encoded; `*` for the server as a whole. */
  path: string;
  /** Of an absolute-form target, which counts instead of Host; else null. */
  authority: string | null;
}

/** What no target contains: a fragment, and everything but visible ASCII. */
const forbidden = /[^!"$-~]/;
const absolute = /^https?:\/\/([^/?]*)(.*)$/is;

/** @throws HttpError 400 for a malformed target, and for query parameters: no route of Vase has any. */
export function parseTarget(method: string, url: string): Target {
  if (forbidden.test(url)) throw badRequest('the target must be percent-encoded, without a fragment');
  if (url.startsWith('/')) return { path: pathOf(url), authority: null };
  if (url === '*') {
    if (method !== 'OPTIONS') throw badRequest('the target * goes with OPTIONS alone');
    return { path: '*', authority: null };
  }
  const parts = absolute.exec(url);
  if (parts === null) throw badRequest('the target must be a path, an http URL, or * of OPTIONS');
  const [, authority, rest] = parts as unknown as [string, string, string];
  if (rest === '') return { path: method === 'OPTIONS' ? '*' : '/', authority };
  return { path: pathOf(rest.startsWith('?') ? `/${rest}` : rest), authority };
}

function pathOf(target: string): string {
  const query = target.indexOf('?');
  if (query < 0) return target;
  if (query < target.length - 1) {
    const name = target.slice(query + 1).replace(/[=&].*$/, '');
    throw badRequest(`there is no query parameter ${JSON.stringify(name)}`);
  }
  return target.slice(0, query);
}
