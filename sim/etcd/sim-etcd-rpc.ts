/**
 * EtcdRpc over the simulated network, for one client process: the port below everything that decides about
 * linearizability, so that the same code runs above it in production. One connection to each member, shared by calls and
 * watches; requests on it may overtake each other, as HTTP/2 streams do.
 */
import type { EtcdRequest, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import type { Cancel, EtcdRpc, RpcResult, WatchSink } from '../../sharder/core/ports.ts';
import type { ConnectionPool } from '../network/connection-pool.ts';
import { grpcConnection } from '../network/connection-settings.ts';
import type { SimMember } from './member.ts';
import { UnaryCaller } from '../network/unary.ts';
import { WatchStream } from './watch-stream.ts';

/** Tags of watches in the trace hash begin here. */
const watchTagMin = 0x4000_0000;

/** How long a call waits for a connection before it is `not_sent`, as in sharder/etcd/grpc-rpc.ts. */
const connectMsMax = 500;

export class SimEtcdRpc implements EtcdRpc {
  readonly #pool: ConnectionPool;
  readonly #caller: UnaryCaller;
  readonly #memberAt: (endpoint: string) => SimMember | undefined;
  #nextWatchTag = watchTagMin;

  /** @param memberAt finds the member that listens at an endpoint; where none does, connections are refused. */
  constructor(pool: ConnectionPool, memberAt: (endpoint: string) => SimMember | undefined) {
    this.#pool = pool;
    this.#caller = new UnaryCaller(pool, { connection: grpcConnection, connectMsMax });
    this.#memberAt = memberAt;
  }

  call(endpoint: string, request: EtcdRequest, options: { deadlineMs: number }): Promise<RpcResult> {
    const member = this.#memberAt(endpoint);
    if (member === undefined) {
      return Promise.resolve({ kind: 'not_sent', message: `nothing is known at ${endpoint}` });
    }
    return new Promise((resolve) =>
      this.#caller.start(member.server, request, {
        deadlineMs: options.deadlineMs,
        settle: (result) => resolve(result.kind === 'reply' ? result.reply : result),
      }),
    );
  }

  watch(endpoint: string, request: WatchRequest, sink: WatchSink): Cancel {
    const member = this.#memberAt(endpoint);
    if (member === undefined) return this.#endSoon(endpoint, sink);
    if (this.#pool.client.state === 'down') return () => undefined;
    const connection = this.#pool.to(member.server, grpcConnection);
    const stream = new WatchStream({ member, connection, request, sink, tag: this.#nextWatchTag });
    this.#nextWatchTag += 2;
    connection.use(stream);
    return () => stream.cancel();
  }

  #endSoon(endpoint: string, sink: WatchSink): Cancel {
    return this.#pool.client.clock.schedule(0, () =>
      sink.onEnd({ kind: 'lost', message: `watch: nothing is known at ${endpoint}` }),
    );
  }
}
