/**
 * Checks which host a request is for, and on which origin's behalf (RFC 9110, section 7.2; RFC 6454; Fetch Metadata). A
 * browser sends some requests for a page of any origin without asking the server first; those are refused, and so is a
 * request for a name that leads here but is not one of the server's own: a page could have made it lead here (DNS
 * rebinding). An address as Host is allowed: rebinding needs a name.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { present } from '../core/invariant.ts';
import { badRequest, HttpError } from './http-error.ts';

/** RFC 3986: a registered name or an address, and a port. */
const authorityPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]+)(?::([0-9]{0,5}))?$/i;

/** Hosts that were found allowed, so that each is looked at once. */
const knownMax = 256;

export class OriginCheck {
  private readonly names: ReadonlySet<string>;
  private readonly known = new Set<string>();

  /**
   * @param names by which the server may be called, besides `localhost` and every address: "store.example" with any port,
   *   "store.example:8443" with this one. A page of such an origin is trusted as the server's own.
   */
  constructor(names: readonly string[]) {
    this.names = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  }

  /**
   * @param authority of an absolute-form target, which counts instead of Host; null for none.
   * @throws HttpError 400 when the request names no host, 403 when it is for another host or on another origin's behalf.
   */
  check(request: IncomingMessage, authority: string | null): void {
    const host = hostOf(request);
    const named = authority ?? host;
    if (named !== null) this.checkHost(named);
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && !this.isOwnOrigin(origin, named)) throw foreign(`a page of ${origin}`);
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw foreign('a page of another origin');
  }

  /** @throws HttpError 400 or 403, as `check`. */
  checkHost(host: string): void {
    if (this.known.has(host)) return;
    const parts = authorityPattern.exec(host);
    if (parts === null) throw badRequest('Host must be a name or an address, and maybe a port');
    const [, name = ''] = parts;
    if (!this.isOwnHost(host.toLowerCase(), name.toLowerCase()))
      throw new HttpError(
        403,
        'foreign_host',
        `this server is not called ${host}; see http.hosts of the topology`,
      );
    if (this.known.size < knownMax) this.known.add(host);
  }

  private isOwnHost(authority: string, name: string): boolean {
    if (isIPv4(name) || (name.startsWith('[') && isIPv6(name.slice(1, -1)))) return true;
    const withoutDot = name.endsWith('.') ? name.slice(0, -1) : name;
    return this.names.has(withoutDot) || this.names.has(authority);
  }

  private isOwnOrigin(origin: string, host: string | null): boolean {
    const own = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
    if (own === undefined) return false;
    return own === host?.toLowerCase() || (own !== 'localhost' && this.names.has(own));
  }
}

/** @throws HttpError 400 unless there is one Host, or none in HTTP/1.0 (RFC 9112, section 3.2). */
function hostOf({ rawHeaders, headers, httpVersionMinor }: IncomingMessage): string | null {
  let lines = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && (name === 'Host' || name.toLowerCase() === 'host')) lines++;
  }
  if (lines > 1) throw badRequest('there is more than one Host');
  if (lines === 1) return present(headers.host, 'Host');
  if (httpVersionMinor > 0) throw badRequest('there is no Host');
  return null;
}

function foreign(who: string): HttpError {
  return new HttpError(403, 'foreign_origin', `${who} asks, and only this server's own may`);
}
