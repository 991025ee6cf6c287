// Calls over Node's HTTP/2 to a peer that answers as the test says: what is told of each ending, and when a call is not sent.
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import getPort from 'get-port';
import { afterEach, expect, test } from 'vitest';
import { issueAuthority, issueCertificate } from '../../../cluster/certificates/issue-certificate.ts';
import type { EtcdTls } from '../../../sharder/etcd/connection.ts';
import { GrpcEtcdRpc } from '../../../sharder/etcd/grpc-rpc.ts';
import { MemberSession } from '../../../sharder/etcd/member-session.ts';
import { messageType } from '../../../sharder/etcd/schema.ts';
import { callUnary } from '../../../sharder/etcd/unary-call.ts';

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

async function listen(server: Server | Http2Server, port = 0): Promise<string> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => open.add(socket));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  ended.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function peer(answer: Answer): Promise<string> {
  return listen(answering(createServer(), answer));
}

function answering<Kind extends Http2Server>(server: Kind, answer: Answer): Kind {
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    answer(stream, headers);
  });
  return server;
}

function client(tls: EtcdTls | null = null): GrpcEtcdRpc {
  const rpc = new GrpcEtcdRpc({ tls });
  ended.push(() => rpc.close());
  return rpc;
}

const get = (rpc: GrpcEtcdRpc, endpoint: string, deadlineMs = 20_000) =>
  rpc.call(endpoint, { kind: 'range', key: 'a' }, { deadlineMs });

const value = Buffer.alloc(300, 'v');
const message = messageType('RangeResponse')
  .encode({ kvs: [{ key: 'a', value }], count: 1 })
  .finish();
const framed = (length = message.length) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
};
const reply = { kind: 'reply', reply: { kind: 'range', count: 1, kvs: [{ key: 'a' }] } };

/** Headers, these pieces of a message, and trailers. */
const inPieces =
  (pieces: readonly Buffer[], trailers: object = { 'grpc-status': '0' }): Answer =>
  (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers as never));
    for (const piece of pieces) stream.write(piece);
    stream.end();
  };

/** Headers that hold the status, and nothing else: how etcd refuses. */
const alone =
  (headers: object): Answer =>
  (stream) =>
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { endStream: true });

test('a reply is read whole, however it is cut', async () => {
  const whole = framed();
  const cuts = [[whole], [whole.subarray(0, 3), whole.subarray(3, 9), whole.subarray(9)]];
  const asked: IncomingHttpHeaders[] = [];
  const endpoint = await peer((stream, headers) => {
    asked.push(headers);
    inPieces(cuts[asked.length - 1]!)(stream, headers);
  });
  const rpc = client();
  for (const _ of cuts) {
    const result = await get(rpc, endpoint);
    expect(result).toMatchObject(reply);
    if (result.kind === 'reply' && result.reply.kind === 'range')
      expect(Buffer.from(result.reply.kvs[0]!.value).equals(value)).toBe(true);
  }
  expect(asked[0]).toMatchObject({
    ':path': '/etcdserverpb.KV/Range',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  expect(asked[0]!['grpc-timeout']).toMatch(/^\d{1,8}m$/);
});

test.each<[string, Answer, object]>([
  [
    'a refusal in headers alone',
    alone({ 'grpc-status': '3', 'grpc-message': 'etcdserver: duplicate key given in txn request' }),
    { kind: 'refused', code: 'duplicate_key' },
  ],
  [
    'a text that is percent-encoded',
    alone({ 'grpc-status': '3', 'grpc-message': 'etcdserver: key is not provided %E2%80%93 %25' }),
    { kind: 'refused', code: 'empty_key', message: 'etcdserver: key is not provided – %' },
  ],
  [
    'a status after a message',
    inPieces([framed()], { 'grpc-status': '14', 'grpc-message': 'etcdserver: leader changed' }),
    { kind: 'lost', message: 'etcdserver: leader changed' },
  ],
  ["the member's own deadline", alone({ 'grpc-status': '4' }), { kind: 'lost', cause: 'deadline' }],
  ['no status', inPieces([framed()], {}), { kind: 'lost' }],
  ['success without a message', alone({ 'grpc-status': '0' }), { kind: 'lost' }],
  ['half a message', inPieces([framed().subarray(0, 50)]), { kind: 'lost' }],
  ['a message that is none', inPieces([Buffer.from([0, 0, 0, 0, 2, 255, 255])]), { kind: 'lost' }],
  [
    'a message longer than is taken',
    inPieces([framed(65 * 1024 * 1024)]),
    { kind: 'lost', cause: 'reply_too_large' },
  ],
  [
    'more than the message was said to have',
    inPieces([framed(), Buffer.alloc(10)]),
    { kind: 'lost', message: 'more came than the answer was said to be' },
  ],
  [
    'something else that speaks HTTP/2',
    (stream) => {
      stream.respond({ ':status': 404 });
      stream.end('not here');
    },
    { kind: 'lost', message: 'HTTP status 404' },
  ],
  ['a stream that is reset', (stream) => stream.close(2), { kind: 'lost' }],
  ['a connection that breaks', (stream) => stream.session!.destroy(), { kind: 'lost' }],
])('%s', async (_name, answer, expected) => {
  expect(await get(client(), await peer(answer))).toMatchObject(expected);
});

test('a call that is not answered is lost at its deadline, and others go on beside it', async () => {
  let calls = 0;
  const endpoint = await peer((stream, headers) => {
    if (calls++ > 0) inPieces([framed()])(stream, headers);
  });
  const rpc = client();
  const silent = get(rpc, endpoint, 700);
  expect(await get(rpc, endpoint)).toMatchObject(reply);
  expect(await silent).toMatchObject({ kind: 'lost', cause: 'deadline' });
  expect(await get(rpc, endpoint)).toMatchObject(reply);
});

test('after a connection that broke another one is made', async () => {
  let calls = 0;
  const endpoint = await peer((stream, headers) => {
    if (calls++ === 0) stream.session!.destroy();
    else inPieces([framed()])(stream, headers);
  });
  const rpc = client();
  expect(await get(rpc, endpoint)).toMatchObject({ kind: 'lost' });
  await expect.poll(() => get(rpc, endpoint)).toMatchObject(reply);
});

test('a member that says that it goes ends what is under way, and is asked anew over another connection', async () => {
  const sessions = new Set<object>();
  const endpoint = await peer((stream, headers) => {
    const isFirst = sessions.size === 0;
    sessions.add(stream.session!);
    if (isFirst) stream.session!.goaway();
    setTimeout(() => inPieces([framed()])(stream, headers), isFirst ? 200 : 0);
  });
  const rpc = client();
  expect(await get(rpc, endpoint)).toMatchObject(reply);
  expect(await get(rpc, endpoint)).toMatchObject(reply);
  expect(sessions.size).toBe(2);
});

test('a session that has had its share of calls is followed by another, and ends with what is under way', async () => {
  const sessions = new Set<object>();
  const endpoint = await peer((stream, headers) => {
    sessions.add(stream.session!);
    setTimeout(() => inPieces([framed()])(stream, headers), 50);
  });
  const session = new MemberSession(endpoint, null, { callsMax: 3 });
  ended.push(() => session.close());
  const results = [];
  for (let call = 0; call < 7; call++) {
    const up = (await session.ready(5000))!;
    results.push(callUnary(up, { kind: 'range', key: 'a' }, 20_000));
  }
  for (const result of results) expect(await result).toMatchObject(reply);
  expect(sessions.size).toBe(2);
});

test('without a connection a call is not sent, neither where nobody listens nor where nobody speaks', async () => {
  const rpc = client();
  const port = await getPort();
  expect(await get(rpc, `127.0.0.1:${port}`)).toMatchObject({ kind: 'not_sent' });
  const mute = await listen(createNetServer());
  expect(await get(rpc, mute)).toMatchObject({ kind: 'not_sent' });
  // Who listens by then is found.
  await listen(answering(createServer(), inPieces([framed()])), port);
  await expect.poll(() => get(rpc, `127.0.0.1:${port}`), { timeout: 10_000 }).toMatchObject(reply);
});

test('a closed client sends nothing', async () => {
  const rpc = client();
  const waits = get(rpc, `127.0.0.1:${await getPort()}`);
  rpc.close();
  expect(await waits).toMatchObject({ kind: 'not_sent' });
  expect(await get(rpc, 'unused:1')).toMatchObject({ kind: 'not_sent' });
});

test('with certificates each side proves who it is', async () => {
  const nowMs = Date.now();
  const authority = await issueAuthority('vase-test', nowMs);
  const issue = (usage: 'server auth' | 'client auth') =>
    issueCertificate(
      {
        secret: 'member',
        authority: 'vase-test',
        commonName: 'localhost',
        dnsNames: ['localhost'],
        ipAddresses: ['127.0.0.1'],
        usages: [usage],
      },
      { authority, nowMs },
    );
  const own = await issue('client auth');
  const of = await issue('server auth');
  const server = createSecureServer({
    ca: authority.certificate,
    cert: of.certificate,
    key: of.key,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const endpoint = await listen(answering(server, inPieces([framed()])));
  const tls = {
    ca: Buffer.from(authority.certificate),
    certificate: Buffer.from(own.certificate),
    key: Buffer.from(own.key),
  };
  expect(await get(client(tls), endpoint)).toMatchObject(reply);
  const strange = await issueAuthority('another', nowMs);
  expect(await get(client({ ...tls, ca: Buffer.from(strange.certificate) }), endpoint)).toMatchObject({
    kind: 'not_sent',
  });
});
