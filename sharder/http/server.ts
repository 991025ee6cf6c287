/**
 * The HTTP server around the app: its bounds on headers, slow clients and connections, JSON for what Node refuses before
 * any handler runs, and a stop that lets requests under way finish.
 */
import {
  createServer,
  METHODS,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type Koa from 'koa';
import { present } from '../core/invariant.ts';
import { answerAndClose, answerLast } from './closing.ts';
import { connectionOf } from './connection.ts';
import { badRequest, HttpError } from './http-error.ts';
import { expectingContinue } from './expect-continue.ts';
import { inTurn } from './in-turn.ts';
import { KeptConnections } from './kept-connections.ts';
import { errorReply } from './reply.ts';
import { cutOffStalled } from './stalled-readers.ts';

const headerBytesMax = 16 * 1024;

/** How long a client may take to send its headers, and to send the whole request; past it 408. */
export interface ClientTimeouts {
  headersMs: number;
  requestMs: number;
  /** How long a client may take nothing of an answer; past it the connection is closed. */
  stalledMs: number;
}
const defaultTimeouts: ClientTimeouts = { headersMs: 10_000, requestMs: 30_000, stalledMs: 10_000 };

/** Longer than the idle time of common load balancers, so that they close first. */
const keepAliveTimeoutMs = 65_000;

const connectionsOf = new WeakMap<Server, KeptConnections>();

/** PEM. */
export interface HttpsFiles {
  cert: Buffer;
  key: Buffer;
}

export interface ListenOptions {
  host: string;
  port: number;
  /** Several processes share the port; the kernel spreads the connections. */
  reusePort: boolean;
}

/**
 * @param https certificate and key, PEM, of a server that speaks TLS; null: plain text.
 * @param guard runs before everything else that is done for a request; null: none.
 */
export function createHttpServer(
  app: Koa,
  timeouts: ClientTimeouts = defaultTimeouts,
  https: HttpsFiles | null = null,
  guard: ((listener: RequestListener) => RequestListener) | null = null,
): Server {
  const handle = app.callback();
  const options: ServerOptions = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: 500,
    noDelay: true,
    // A GET has no body: it need not be streamed to its end.
    optimizeEmptyRequests: true,
    // A request without Host is refused by the app, with a reason.
    requireHostHeader: false,
  };
  const carryOut = inTurn((request, response) => void handle(request, response));
  const run = guard === null ? carryOut : guard(carryOut);
  const onRequest: RequestListener = (request, response) => {
    if (connections.owe(response)) run(request, response);
  };
  const server =
    https === null
      ? createServer(options, onRequest)
      : createSecureServer(
          { ...options, ...https, minVersion: 'TLSv1.2', handshakeTimeout: timeouts.headersMs },
          onRequest,
        );
  const connections = new KeptConnections(server, https !== null);
  connectionsOf.set(server, connections);
  // Without a listener, Node asks for a body before a handler wants it.
  server.on('checkContinue', expectingContinue(onRequest));
  // The app refuses other expectations than 100-continue, as it does everything else.
  server.on('checkExpectation', onRequest);
  watchSockets(server, timeouts.stalledMs);
  return server;
}

/** Hears a socket's errors from its first moment to its last, also after it has left the server's care. */
function watchSockets(server: Server, stalledMs: number): void {
  server.on('connection', connectionOf);
  // With TLS, handlers see another socket, around that of the connection.
  server.on('secureConnection', connectionOf);
  server.on('tlsClientError', (_error, socket: Socket) => {
    connectionOf(socket);
    socket.destroy();
  });
  // Without a listener, Node closes a CONNECT without a word.
  server.on('connect', (_request, socket: AnsweringSocket) => {
    if (socket._httpMessage) socket.destroy();
    else answerAndClose(socket, new HttpError(405, 'method_not_allowed', 'no proxy here'));
  });
  server.on('clientError', refuse);
  cutOffStalled(server, stalledMs);
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

function keptBy(server: Server): KeptConnections {
  return present(connectionsOf.get(server), 'what keeps the connections of a server');
}

/** Connections that a server has closed at once so far, because it had as many as it takes. */
export function refusedConnections(server: Server): number {
  return keptBy(server).refused;
}

export interface Stopping {
  /** New connections are taken until then, and until then alone; null: the port is closed at once. */
  listenUntil: Promise<unknown> | null;
  /** After that, how long a connection on which nothing is owed has for its next request. */
  idleMs: number;
  /** Cuts the connections that are left. */
  deadline: AbortSignal;
}

/** From now on every answer says `connection: close`. Ends when all connections have. */
export async function stop(server: Server, { listenUntil, idleMs, deadline }: Stopping): Promise<void> {
  const connections = keptBy(server);
  if (listenUntil !== null) {
    connections.closeAll();
    await listenUntil;
  }
  await connections.takeWaiting();
  // Node's own close of an HTTP server would cut idle connections. The port is closed before any client is told to come
  // again, so that the client reaches another process, where one shares the port.
  NetServer.prototype.close.call(server);
  connections.closeAll();
  await connections.drain(idleMs, deadline);
  server.closeAllConnections();
  server.close();
}

/** Node marks a socket with the response that it is for; its own default handlers look there, too. */
type AnsweringSocket = Socket & { _httpMessage?: (ServerResponse & { req: IncomingMessage }) | null };

/** Answers what the parser refused: no handler has seen it, or its handler still waits for the rest of it. */
function refuse(error: NodeJS.ErrnoException, socket: AnsweringSocket): void {
  connectionOf(socket);
  // Bytes after a request that closes the connection belong to no request; its answer is still to be sent.
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = describeRefusal(error);
  const answering = socket._httpMessage;
  if (!answering) answerAndClose(socket, refusal);
  else if (answering.headersSent) socket.destroySoon();
  // Every handler that writes reads its body to the end first: nothing of this request was applied.
  else if (!answering.req.complete) {
    answerLast(answering.req, answering, errorReply(refusal));
    // The handler waits for a body that will not come.
    connectionOf(socket).end();
  }
  // The client would take an answer now for that to the request before, which is under way and may be applied.
  else socket.destroy();
}

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

function describeRefusal(error: ParserError): HttpError {
  const start = error.rawPacket?.toString('latin1', 0, startBytesMax) ?? '';
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      // RFC 9112, section 3: a target that is longer than a server wants to read.
      if (targetAlone.test(start)) return new HttpError(414, 'target_too_long', 'the target is too long');
      return new HttpError(431, 'headers_too_large', `the headers are longer than ${headerBytesMax} bytes`);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new HttpError(413, 'too_large', 'the chunk extensions are too long');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpError(408, 'request_timeout', 'the request was not sent in time');
    // For a method of another protocol, Node says that the protocol is wrong.
    case 'HPE_INVALID_CONSTANT':
    case 'HPE_INVALID_METHOD':
      // RFC 9110, section 9.1, if this is a request line at all.
      if (!METHODS.includes(requestLine.exec(start)?.[1] ?? 'GET'))
        return new HttpError(501, 'not_implemented', 'the method is not known here');
      return badBytes;
    case 'HPE_INVALID_VERSION':
      if (!versionedLine.test(start)) return badBytes;
      return new HttpError(505, 'version_not_supported', 'HTTP/1.1 and HTTP/1.0 are spoken here');
    default:
      return badBytes;
  }
}

const badBytes = badRequest('this is not HTTP/1.1 as Node reads it');
const startBytesMax = headerBytesMax;
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) [!-~]+ HTTP\/1\.[01]\r?\n/;
const versionedLine = /^\S+ \S+ HTTP\/[0-9]\.[0-9]\r?\n/;
/** A method, and nothing but its target as far as that is looked at. */
const targetAlone = /^[A-Z]+ [!-~]{15000,}$/;
