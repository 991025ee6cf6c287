/**
 * Most requests carry headers that decide nothing here. One look at their names spares such a request the object of all its
 * headers, which Node makes on demand, and each look for a header that is not there.
 */
import type { IncomingMessage } from 'node:http';

/** Names as clients spell them; a request with another spelling is only looked at more closely. */
const indifferent: ReadonlySet<string | undefined> = new Set(
  [
    'Accept',
    'Accept-Encoding',
    'Accept-Language',
    'Authorization',
    'Cache-Control',
    'Connection',
    'Content-Length',
    'Content-Type',
    'User-Agent',
  ].flatMap((name) => [name, name.toLowerCase()]),
);

const plain = Symbol('whether no header of a request decides anything');
type Marked = IncomingMessage & { [plain]?: true };

/** Marks a request in which no header but Host decides anything, and returns its Host; null for any other request. */
export function plainHostOf(request: Marked): string | null {
  const { rawHeaders } = request;
  let host: string | null = null;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name === 'Host' || name === 'host') {
      if (host !== null) return null;
      host = rawHeaders[index + 1] ?? null;
    } else if (!indifferent.has(name)) return null;
    else if ((name === 'User-Agent' || name === 'user-agent') && isBrowser(rawHeaders[index + 1] ?? ''))
      return null;
  }
  if (host !== null) request[plain] = true;
  return host;
}

/** True only after `plainHostOf` has said so. */
export function isPlain(request: Marked): boolean {
  return request[plain] === true;
}

export function isBrowser(userAgent: string): boolean {
  return userAgent.startsWith('Mozilla/');
}
