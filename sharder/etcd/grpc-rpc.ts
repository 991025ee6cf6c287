/**
 * The production implementation of the `EtcdRpc` port: gRPC with Vase's own codec, unary calls over Node's HTTP/2, streams over
 * etcd3's connections. A call is made only on a connection that is up; before that it is provably `not_sent`, after that
 * whatever goes wrong is `lost`.
 */
import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import type { EtcdReply, EtcdRequest, WatchRequest } from '../core/etcd-messages.ts';
import type { Cancel, EtcdRpc, RpcResult, WatchSink } from '../core/ports.ts';
import { Connection, type EtcdTls, whenConnected } from './connection.ts';
import { classifyGrpcError } from './grpc-errors.ts';
import { openWatch } from './grpc-watch.ts';
import { MemberSession } from './member-session.ts';
import { callUnary } from './unary-call.ts';
import { methods } from './wire.ts';

/** How long a call waits for a connection before it is `not_sent`: another member is then the better choice. */
const connectMsMax = 500;

export class GrpcEtcdRpc implements EtcdRpc {
  private readonly sessions = new Map<string, MemberSession>();
  private readonly connections = new Map<string, Connection>();
  private readonly tls: EtcdTls | null;
  private closed = false;

  constructor(options: { tls?: EtcdTls | null } = {}) {
    this.tls = options.tls ?? null;
  }

  async call(endpoint: string, request: EtcdRequest, options: { deadlineMs: number }): Promise<RpcResult> {
    if (this.closed) return { kind: 'not_sent', message: 'the client is closed' };
    const deadlineAtMs = performance.now() + options.deadlineMs;
    if (request.kind === 'lease_keep_alive') return this.keepLease(endpoint, request, options.deadlineMs);
    const waitMs = Math.min(options.deadlineMs, connectMsMax);
    const up = await this.session(endpoint).ready(waitMs);
    if (up === null)
      return { kind: 'not_sent', message: `${endpoint}: no connection within ${Math.round(waitMs)} ms` };
    return callUnary(up, request, deadlineAtMs - performance.now());
  }

  watch(endpoint: string, request: WatchRequest, sink: WatchSink): Cancel {
    return openWatch(this.connection(endpoint), request, sink);
  }

  close(): void {
    this.closed = true;
    for (const session of this.sessions.values()) session.close();
    for (const connection of this.connections.values()) connection.close();
    this.sessions.clear();
    this.connections.clear();
  }

  private async keepLease(endpoint: string, request: EtcdRequest, deadlineMs: number): Promise<RpcResult> {
    const deadlineAtMs = Date.now() + deadlineMs;
    const { client, metadata } = await this.connection(endpoint).service('Lease');
    const problem = await whenConnected(client, Math.min(deadlineMs, connectMsMax));
    if (problem !== null) return { kind: 'not_sent', message: `${endpoint}: ${problem}` };
    return streamOnce(client, metadata, request, deadlineAtMs);
  }

  private session(endpoint: string): MemberSession {
    let session = this.sessions.get(endpoint);
    if (!session) this.sessions.set(endpoint, (session = new MemberSession(endpoint, this.tls)));
    return session;
  }

  private connection(endpoint: string): Connection {
    let connection = this.connections.get(endpoint);
    if (!connection) this.connections.set(endpoint, (connection = new Connection(endpoint, this.tls)));
    return connection;
  }
}

/** One request and one reply over a method that is a stream in both directions. */
function streamOnce(
  client: Client,
  metadata: Metadata,
  request: EtcdRequest,
  deadline: number,
): Promise<RpcResult> {
  const { path, encode, decode } = methods[request.kind];
  return new Promise((resolve) => {
    const stream = client.makeBidiStreamRequest<EtcdRequest, EtcdReply>(path, encode, decode, metadata, {
      deadline,
    });
    stream.on('data', (reply: EtcdReply) => {
      resolve({ kind: 'reply', reply });
      stream.end();
    });
    stream.on('error', (error: ServiceError) => resolve(classifyGrpcError(error)));
    stream.on('end', () => resolve({ kind: 'lost', message: 'the stream ended without a reply' }));
    stream.write(request);
  });
}
