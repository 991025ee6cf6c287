/**
 * One etcd member through the etcd3 package, for its streams: watches and leases that are kept. Its pool keeps the gRPC
 * connection. Its retries and circuit breakers are off: the default policy repeats puts and transactions after errors that do
 * not prove that they were not applied.
 */
import { type ChannelOptions, type Client, connectivityState, type Metadata } from '@grpc/grpc-js';
import { noop } from 'cockatiel';
import type { IOptions } from 'etcd3';
import { ConnectionPool } from 'etcd3/lib/connection-pool.js';
import { connectionTiming } from './connection-timing.ts';

/** Files' contents for mutual TLS with etcd. */
export interface EtcdTls {
  ca: Buffer;
  certificate: Buffer;
  key: Buffer;
}

/** The services that stream. */
export type Service = 'Lease' | 'Watch';

const { reconnectMs, reconnectMsMax, keepAliveMs, keepAliveTimeoutMs, replyBytesMax } = connectionTiming;

const channelOptions: ChannelOptions = {
  'grpc.enable_retries': 0,
  // A proxy is for the way out: it does not know a cluster's own addresses, or answers in a member's place.
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': replyBytesMax,
  'grpc.max_send_message_length': replyBytesMax,
  'grpc.initial_reconnect_backoff_ms': reconnectMs,
  'grpc.max_reconnect_backoff_ms': reconnectMsMax,
  'grpc.keepalive_time_ms': keepAliveMs,
  'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
  // Members' connections must not share one HTTP/2 session pool with another endpoint's options.
  'grpc.use_local_subchannel_pool': 1,
};

export class Connection {
  private readonly pool: ConnectionPool;

  constructor(endpoint: string, tls: EtcdTls | null) {
    const options: IOptions = {
      hosts: `${tls ? 'https' : 'http'}://${endpoint}`,
      grpcOptions: channelOptions,
      faultHandling: { global: noop, host: () => noop },
    };
    if (tls) {
      options.credentials = { rootCertificate: tls.ca, privateKey: tls.key, certChain: tls.certificate };
    }
    this.pool = new ConnectionPool(options);
  }

  /** The service's client; etcd3 makes it on first use. */
  service(name: Service): Promise<{ client: Client; metadata: Metadata }> {
    return this.pool.withConnection(name, ({ client, metadata }) => ({ client, metadata }));
  }

  close(): void {
    this.pool.close();
  }
}

/** Resolves to null once the client is connected, or to the reason why it is not by the deadline. */
export function whenConnected(client: Client, deadlineMs: number): Promise<string | null> {
  // Asking with `true` starts a connection where there is none.
  if (client.getChannel().getConnectivityState(true) === connectivityState.READY)
    return Promise.resolve(null);
  return new Promise((resolve) => {
    client.waitForReady(Date.now() + deadlineMs, (error) => {
      resolve(error ? `no connection within ${Math.round(deadlineMs)} ms` : null);
    });
  });
}
