/** A store in this process over real etcd members, as a sharder's main.ts wires it. */
import { defaultLimits, type Limits } from '../../sharder/core/limits.ts';
import type { EtcdRpc, Trace } from '../../sharder/core/ports.ts';
import { Store } from '../../sharder/core/store.ts';
import { EtcdShardClient } from '../../sharder/etcd/client/shard-client.ts';
import { hashText } from '../../sharder/hash.ts';
import { systemClock, systemRandom } from '../../sharder/system-clock.ts';

const trace: Trace<unknown> = { emit: () => undefined };

/** @param endpoints of the home shard; `redirect` returns the endpoint to use for each endpoint in the view. */
export function createRealStore(options: {
  rpc: EtcdRpc;
  home: readonly string[];
  limits?: Partial<Limits>;
  redirect?: (endpoint: string) => string;
}): Store {
  const limits = { ...defaultLimits, ...options.limits };
  const redirect = options.redirect ?? ((endpoint) => endpoint);
  class RedirectedClient extends EtcdShardClient {
    override setEndpoints(endpoints: readonly string[]): void {
      super.setEndpoints(endpoints.map(redirect));
    }
  }
  const connect = (shard: number, endpoints: readonly string[]) =>
    new RedirectedClient({
      shard,
      endpoints: endpoints.map(redirect),
      rpc: options.rpc,
      clock: systemClock,
      random: systemRandom,
      trace,
      limits,
    });
  return new Store({
    clock: systemClock,
    trace,
    limits,
    hash: hashText,
    home: connect(0, options.home),
    connect,
  });
}
