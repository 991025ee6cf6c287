/**
 * Calls to etcd members for commands, over the sharder's own client. The client is loaded at the first call: loading it
 * takes half of a command's start, and most commands need none.
 */
import type { EtcdRpc } from '../../sharder/core/ports.ts';
import type { EtcdTls } from '../../sharder/etcd/connection.ts';
import type { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';

/** One unary call, as in `EtcdRpc`. */
export type EtcdCaller = Pick<EtcdRpc, 'call'>;

export class GrpcEtcdCaller implements EtcdCaller {
  private readonly tls: EtcdTls | null;
  private rpc: Promise<GrpcEtcdRpc> | null = null;

  constructor(tls: EtcdTls | null = null) {
    this.tls = tls;
  }

  call: EtcdRpc['call'] = async (endpoint, request, options) => {
    this.rpc ??= connect(this.tls);
    return (await this.rpc).call(endpoint, request, options);
  };

  /** Closes the connections, so that the process can end. */
  async close(): Promise<void> {
    (await this.rpc)?.close();
    this.rpc = null;
  }
}

async function connect(tls: EtcdTls | null): Promise<GrpcEtcdRpc> {
  const { GrpcEtcdRpc } = await import('../../sharder/etcd/grpc-rpc.ts');
  return new GrpcEtcdRpc({ tls });
}
