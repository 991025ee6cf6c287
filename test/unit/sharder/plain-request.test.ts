/** Which requests are spared a closer look at their headers: those of which no header could change what is done. */
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isPlain, plainHostOf } from '../../../sharder/http/plain-request.ts';

const request = (...rawHeaders: string[]) => ({ rawHeaders }) as IncomingMessage;

test('a request with one Host and headers that decide nothing is plain', () => {
  const plain = request('Host', 'localhost:5000', 'Connection', 'keep-alive', 'user-agent', 'curl/8');
  expect(plainHostOf(plain)).toBe('localhost:5000');
  expect(isPlain(plain)).toBe(true);
});

test.each([
  ['no Host', []],
  ['two of it', ['Host', 'a', 'host', 'a']],
  ['a browser', ['Host', 'a', 'User-Agent', 'Mozilla/5.0']],
  ['a name spelt otherwise', ['HOST', 'a']],
  ...[
    'Origin',
    'Sec-Fetch-Site',
    'If-Match',
    'if-none-match',
    'Transfer-Encoding',
    'Content-Encoding',
    'Content-Range',
    'Expect',
    'X-Request-Id',
  ].map((name): [string, string[]] => [name, ['Host', 'a', name, 'x']]),
])('a request with %s is looked at more closely', (_what, headers) => {
  const other = request(...headers);
  expect(plainHostOf(other)).toBeNull();
  expect(isPlain(other)).toBe(false);
});
