/**
 * The production implementation of the `EtcdRpc` port: gRPC over etcd3's connections, with Vase's own codec. A call is
 * made only on a connection that is up; before that it is provably `not_sent`, after that whatever goes wrong is `lost`.
 */
import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import type { EtcdReply, EtcdRequest, WatchRequest } from '../core/etcd-messages.ts';
import type { Cancel, EtcdRpc, RpcResult, WatchSink } from '../core/ports.ts';
import { Connection, type EtcdTls, whenConnected } from './connection.ts';
import { classifyGrpcError } from './grpc-errors.ts';
import { openWatch } from './grpc-watch.ts';
import { methods } from './wire.ts';

/** How long a call waits for a connection before it is `not_sent`: another member is then the better choice. */
const connectMsMax = 500;

export class GrpcEtcdRpc implements EtcdRpc {
  private readonly connections = new Map<string, Connection>();
  private readonly tls: EtcdTls | null;
  private closed = false;

  constructor(options: { tls?: EtcdTls | null } = {}) {
    this.tls = options.tls ?? null;
  }

  async call(endpoint: string, request: EtcdRequest, options: { deadlineMs: number }): Promise<RpcResult> {
    if (this.closed) return { kind: 'not_sent', message: 'the client is closed' };
    const deadlineAtMs = Date.now() + options.deadlineMs;
    const { client, metadata } = await this.connection(endpoint).service(methods[request.kind].service);
    const problem = await whenConnected(client, Math.min(options.deadlineMs, connectMsMax));
    if (problem !== null) return { kind: 'not_sent', message: `${endpoint}: ${problem}` };
    if (request.kind === 'lease_keep_alive') return streamOnce(client, metadata, request, deadlineAtMs);
    return unary(client, metadata, request, deadlineAtMs);
  }

  watch(endpoint: string, request: WatchRequest, sink: WatchSink): Cancel {
    return openWatch(this.connection(endpoint), request, sink);
  }

  close(): void {
    this.closed = true;
    for (const connection of this.connections.values()) connection.close();
    this.connections.clear();
  }

  private connection(endpoint: string): Connection {
    let connection = this.connections.get(endpoint);
    if (!connection) {
      connection = new Connection(endpoint, this.tls);
      this.connections.set(endpoint, connection);
    }
    return connection;
  }
}

function unary(
  client: Client,
  metadata: Metadata,
  request: EtcdRequest,
  deadline: number,
): Promise<RpcResult> {
  const { path, encode, decode } = methods[request.kind];
  return new Promise((resolve) => {
    client.makeUnaryRequest<EtcdRequest, EtcdReply>(
      path,
      encode,
      decode,
      request,
      metadata,
      { deadline },
      (error, reply) => {
        resolve(error ? classifyGrpcError(error) : { kind: 'reply', reply: reply! });
      },
    );
  });
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
