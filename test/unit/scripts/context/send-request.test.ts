// One request of the command line: what came, and each way in which nothing comes.
import { createServer, type IncomingMessage, type ServerResponse, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { sendRequest } from '../../../../scripts/context/send-request.ts';

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

async function urlOf(answer: Answer): Promise<URL> {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/key`);
}

const asked = { method: 'PUT', signal: new AbortController().signal, timeoutMs: 30_000, value: null };

test('status, headers and body come as they were sent, and the value arrives', async () => {
  const url = await urlOf(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    response.writeHead(412, { etag: '"3"' }).end(Buffer.concat([Buffer.from('got '), ...parts]));
  });
  const { status, headers, body } = await sendRequest(url, { ...asked, value: Buffer.from('five') });
  expect({ status, etag: headers.etag, body: body.toString() }).toEqual({
    status: 412,
    etag: '"3"',
    body: 'got five',
  });
});

test('an answer that does not come is given up after its time', async () => {
  const url = await urlOf(() => undefined);
  await expect(sendRequest(url, { ...asked, timeoutMs: 100 })).rejects.toThrow('no answer within 0.1 s');
});

test('an answer that breaks off is none', async () => {
  const url = await urlOf((_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy());
  });
  await expect(sendRequest(url, asked)).rejects.toThrow('aborted');
});

test('an interrupt ends the request with its reason', async () => {
  const interrupt = new AbortController();
  const url = await urlOf(() => interrupt.abort(new Error('interrupted by SIGINT')));
  await expect(sendRequest(url, { ...asked, signal: interrupt.signal })).rejects.toThrow(
    'interrupted by SIGINT',
  );
});
