/**
 * The HTTP server around the app: its bounds on headers, slow clients and connections, JSON for what Node refuses before
 * any handler runs, and a stop that lets requests under way finish.
 */
import { createServer, STATUS_CODES, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type Koa from 'koa';
import { errorBody } from './http-error.ts';

const headerBytesMax = 16 * 1024;
/** A client has this long to send its headers, and this long for the whole request. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
/** Longer than the idle time of common load balancers, so that they close first. */
const keepAliveTimeoutMs = 65_000;
const connectionsMax = 10_000;

export interface ListenOptions {
  host: string;
  port: number;
  /** Several processes share the port; the kernel spreads the connections. */
  reusePort: boolean;
}

export function createHttpServer(app: Koa): Server {
  const handle = app.callback();
  const server = createServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: 1000,
      noDelay: true,
    },
    (request, response) => void handle(request, response),
  );
  server.maxConnections = connectionsMax;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
  return server;
}

export function listen(server: Server, { host, port, reusePort }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, reusePort, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Stops accepting, closes idle connections, and waits for the others until `deadlineMs` from now. */
export async function stop(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearTimeout(timer);
}

/** Answers what the parser refused: no handler has seen it and nothing was applied. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message] = describeRefusal(error);
  const body = JSON.stringify(errorBody({ status, code, message }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function describeRefusal(error: NodeJS.ErrnoException): [status: number, code: string, message: string] {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'headers_too_large', `the headers are longer than ${headerBytesMax} bytes`];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'too_large', 'the chunk extensions are too long'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'request_timeout', `the request was not sent within ${requestTimeoutMs} ms`];
    default:
      return [400, 'bad_request', 'this is not HTTP/1.1 as Node reads it'];
  }
}
