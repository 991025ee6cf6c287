/**
 * Calls etcd members from outside the cluster by the names that they have inside it: each member through its own tunnel,
 * with the same client as everywhere.
 */
import type { RpcResult } from '../../../sharder/core/ports.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import { etcdPorts } from '../../manifests/names.ts';
import type { Tunnels } from './tunnels.ts';

/** A tunnel's first connection takes a few hundred milliseconds, longer than the client waits for one. */
const retryMs = 50;

export class MemberCaller implements EtcdCaller {
  private readonly tunnels: Tunnels;
  private readonly rpc: EtcdCaller;
  private readonly hasTls: boolean;

  /** @param hasTls members show certificates, which name this machine "localhost": TLS knows no addresses as names. */
  constructor(tunnels: Tunnels, rpc: EtcdCaller, hasTls: boolean) {
    this.tunnels = tunnels;
    this.hasTls = hasTls;
    this.rpc = rpc;
  }

  /** `endpoint` is "etcd-1-0.etcd-1.vase.svc:2379" or any "<pod>.…:<port>". */
  call: EtcdCaller['call'] = async (endpoint, request, options) => {
    const pod = endpoint.split(/[.:]/, 1)[0]!;
    const door = await this.tunnels.open({ name: pod, port: etcdPorts.client, pod: () => pod });
    const address = this.hasTls ? door.replace(/^[^:]*/, 'localhost') : door;
    const deadlineAtMs = performance.now() + options.deadlineMs;
    for (;;) {
      const deadlineMs = Math.max(1, deadlineAtMs - performance.now());
      const result: RpcResult = await this.rpc.call(address, request, { ...options, deadlineMs });
      if (result.kind !== 'not_sent' || deadlineAtMs - performance.now() < retryMs) return result;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  };
}
