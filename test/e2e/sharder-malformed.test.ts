/** Malformed requests against a real sharder process: a 4xx or a correct answer, never a 5xx, a hang or a crash. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { sendRaw } from '../support/raw-request.ts';

let cluster: LocalCluster;
let port: number;
let pid: number | null;

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 1, members: 1, sharders: 1 });
  port = Number(new URL(cluster.endpoint).port);
  pid = (await cluster.provider.status()).sharders[0]!.pid;
});

afterAll(() => cluster.close());

interface RawRequest {
  method: string;
  path: string;
  headers: string[];
  /** The body's text in Latin-1, or its number of bytes. */
  body: string | { bytes: number };
  /** How the body is framed: with its length, with a wrong length, or in chunks. */
  framing:
    | 'length'
    | 'none'
    | 'too_long'
    | 'too_short'
    | 'not_a_number'
    | 'negative'
    | 'twice'
    | 'chunked'
    | 'bad_chunks';
  lineEnd: string;
}

const token = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 });
const method = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'GET',
      'PUT',
      'DELETE',
      'POST',
      'HEAD',
      'PATCH',
      'OPTIONS',
      'TRACE',
      'CONNECT',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('get', 'FETCH', '', 'G T', 'PUT\u0000') },
);
const keyPart = fc.oneof(
  fc.constantFrom(
    '',
    '%',
    '%2',
    '%zz',
    '%ff',
    '%00',
    'a%00b',
    '%c3%28',
    '%ed%a0%80',
    '%F0%9F%A6%89',
    '..',
    '/',
    '//',
    'a b',
    '?',
    '#',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }).map(encodeURIComponent),
  fc.integer({ min: 1000, max: 20_000 }).map((length) => 'k'.repeat(length)),
);
const path = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom('/v1/kv/', '/get/', '/delete/', '/'), keyPart)
      .map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.constantFrom('/set', '/v1/batch') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/v1',
      '/v1/',
      '/v1/nothing',
      '/livez',
      '/readyz',
      '*',
      'http://a/b',
      '',
      'no-slash',
      '/metrics?x',
    ),
  },
);
const header = fc.oneof(
  fc.constantFrom(
    'If-Match: "7"',
    'If-Match: 7',
    'If-Match: W/"7"',
    'If-Match: "a"',
    'If-Match: ""',
    'If-None-Match: *',
    'If-None-Match: "1"',
  ),
  fc.constantFrom(
    'Expect: 100-continue',
    'Expect: nothing',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Content-Encoding: gzip',
    'Content-Type: application/json',
    'Content-Type: text/plain',
    'Origin: null',
    'Sec-Fetch-Site: cross-site',
    'Host: evil.example',
    'Transfer-Encoding: gzip, chunked',
    'Content-Range: bytes 0-1/2',
    ': empty',
    'no colon',
    'A: \u0001',
  ),
  fc.integer({ min: 100, max: 40_000 }).map((length) => `X-Long: ${'x'.repeat(length)}`),
  fc.tuple(token, token).map(([name, value]) => `${name}: ${value}`),
);
const jsonValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record(
    { path: fc.jsonValue({ maxDepth: 1 }), value: fc.jsonValue({ maxDepth: 1 }) },
    { requiredKeys: [] },
  ),
  fc.record({ path: fc.string(), value: fc.string() }),
  fc.record({
    operations: fc.array(
      fc.record(
        {
          op: fc.oneof(fc.constantFrom('get', 'put', 'delete'), fc.jsonValue({ maxDepth: 0 })),
          key: fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 0 })),
          value: fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 0 })),
          encoding: fc.constantFrom('utf8', 'base64', 'latin1', 7),
          ifVersion: fc.oneof(fc.integer(), fc.jsonValue({ maxDepth: 0 })),
          ifAbsent: fc.constantFrom(true, false, 'x'),
          surplus: fc.constant(1),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 4 },
    ),
  }),
);
const body: fc.Arbitrary<RawRequest['body']> = fc.oneof(
  fc.constantFrom('', '{', '[]', 'null', '"text"', '{"path":"a"}', '{"path":"a","value":1}'),
  fc.constantFrom(
    '{"path":"","value":""}',
    '{"path":"\\u0000","value":""}',
    '{"path":"a","value":"\\ud800"}',
  ),
  jsonValue.map((value) => Buffer.from(JSON.stringify(value) ?? '').toString('latin1')),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(1024 * 1024, 1024 * 1024 + 1, 9 * 1024 * 1024).map((bytes) => ({ bytes })),
);
const request: fc.Arbitrary<RawRequest> = fc.record({
  method,
  path,
  headers: fc.array(header, { maxLength: 4 }),
  body,
  framing: fc.constantFrom(
    'length',
    'length',
    'length',
    'none',
    'too_long',
    'too_short',
    'not_a_number',
    'negative',
    'twice',
    'chunked',
    'bad_chunks',
  ),
  lineEnd: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n'),
});

function contentOf({ body: content }: RawRequest): Buffer {
  return typeof content === 'string' ? Buffer.from(content, 'latin1') : Buffer.alloc(content.bytes, 'x');
}

function serialize(raw: RawRequest): Buffer {
  const { method: verb, path: target, headers, framing, lineEnd } = raw;
  const content = contentOf(raw);
  const length = (value: string | number) => [`Content-Length: ${value}`];
  const framings: Record<RawRequest['framing'], string[]> = {
    length: length(content.length),
    none: [],
    too_long: length(content.length + 10),
    too_short: length(Math.max(0, content.length - 1)),
    not_a_number: length('many'),
    negative: length(-1),
    twice: [...length(content.length), ...length(content.length + 1)],
    chunked: ['Transfer-Encoding: chunked'],
    bad_chunks: ['Transfer-Encoding: chunked'],
  };
  const lines = [
    `${verb} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    // A fault in a body is noticed only where the body is taken for JSON.
    ...(target === '/set' || target === '/v1/batch' ? ['Content-Type: application/json'] : []),
    ...framings[framing],
    ...headers,
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join(lineEnd), 'latin1'), framed(framing, content)]);
}

function framed(framing: RawRequest['framing'], content: Buffer): Buffer {
  const lastChunk = Buffer.from('0\r\n\r\n');
  if (framing === 'bad_chunks') return Buffer.concat([Buffer.from('zz\r\n'), content]);
  if (framing !== 'chunked') return content;
  if (content.length === 0) return lastChunk;
  return Buffer.concat([
    Buffer.from(`${content.length.toString(16)}\r\n`),
    content,
    Buffer.from('\r\n'),
    lastChunk,
  ]);
}

test('400 generated kinds of malformed request get a 4xx or a correct answer, and the process lives', async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async (raw) => {
      const bytes = serialize(raw);
      const { status, text } = await sendRaw(port, bytes, { keepOpen: raw.framing !== 'too_long' });
      if (status === null) {
        // A request that was cut off, or whose connection was reset while it was still being sent, may go unanswered.
        expect(raw.framing === 'too_long' || bytes.length > 100_000).toBe(true);
        return;
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // 501: an unknown method; 505: an unknown version.
      expect(status < 500 || status === 501 || status === 505, text.slice(0, 300)).toBe(true);
      if (status < 400 || raw.method === 'HEAD') return;
      expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toMatchObject({
        error: { definite: true },
      });
    }),
    { numRuns: 400 },
  );
  // The generator reaches successes as well as refusals of many kinds.
  expect([...statuses.keys()].filter((status) => status >= 400).length).toBeGreaterThanOrEqual(4);
  expect([...statuses.keys()].some((status) => status < 300)).toBe(true);
  const after = (await cluster.provider.status()).sharders[0]!;
  expect(after).toMatchObject({ pid, process: 'running', ready: true });
});

test.each(['PUT /v1/kv/empty', 'PUT /set', 'POST /v1/batch'])(
  '%s without a body and without a length is answered at once',
  async (line) => {
    const bytes = Buffer.from(
      `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n`,
    );
    const { status } = await sendRaw(port, bytes, { keepOpen: true, deadlineMs: 3000 });
    expect(status).toBe(line.includes('/v1/kv') ? 204 : 400);
  },
);

test.each([
  ['a key of 1025 bytes', 'PUT', `/v1/kv/${'k'.repeat(1025)}`, 'v', 413],
  ['a key of 1024 bytes', 'PUT', `/v1/kv/${'k'.repeat(1024)}`, 'v', 204],
  ['NUL in a key', 'GET', '/v1/kv/a%00b', '', 400],
  ['bad percent-encoding', 'GET', '/get/%zz', '', 400],
  ['a key that is not UTF-8', 'GET', '/get/%ff', '', 400],
  ['an empty key', 'GET', '/v1/kv/', '', 400],
  ['an unknown route', 'GET', '/v1/nothing', '', 404],
  ['an unknown method', 'PATCH', '/v1/kv/a', '', 405],
  ['a condition that is no version', 'PUT', '/v1/kv/a', 'v', 400, 'If-Match: 7'],
  ['malformed JSON', 'PUT', '/set', '{', 400],
  ['a value that is no string', 'PUT', '/set', '{"path":"a","value":1}', 400],
  ['a missing path', 'PUT', '/set', '{"value":"a"}', 400],
  ['a half surrogate', 'PUT', '/set', '{"path":"a","value":"\\ud800"}', 400],
  ['headers of 20 KiB', 'GET', '/v1/kv/a', '', 431, `X: ${'x'.repeat(20 * 1024)}`],
] as const)('%s gets its status', async (_what, verb, target, content, expected, extra?: string) => {
  const head = [
    `${verb} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    `Content-Length: ${content.length}`,
    ...(target === '/set' ? ['Content-Type: application/json'] : []),
  ];
  if (extra !== undefined) head.push(extra);
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${content}`);
  const { status } = await sendRaw(port, bytes, { keepOpen: true });
  expect(status).toBe(expected);
});

test('a value of 1 MiB is taken and one byte more is refused', async () => {
  const put = (length: number) =>
    fetch(`${cluster.endpoint}/v1/kv/large`, { method: 'PUT', body: Buffer.alloc(length, 7) });
  expect((await put(1024 * 1024)).status).toBe(204);
  expect((await put(1024 * 1024 + 1)).status).toBe(413);
  const bytes = Buffer.from(await (await fetch(`${cluster.endpoint}/v1/kv/large`)).arrayBuffer());
  expect(bytes.equals(Buffer.alloc(1024 * 1024, 7))).toBe(true);
});
