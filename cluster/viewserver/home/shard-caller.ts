/** One etcd client for each shard, for the view server's own questions; the moves have theirs. */
import type { EtcdReply, EtcdRequest } from '../../../sharder/core/etcd-messages.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { EtcdRpc } from '../../../sharder/core/ports.ts';
import type { ViewShard } from '../../../sharder/core/view.ts';
import { EtcdShardClient } from '../../../sharder/etcd/client/shard-client.ts';
import { systemClock, systemRandom } from '../../../sharder/system-clock.ts';
import { ClusterError } from '../../errors.ts';

const readMsMaxUnlessSaid = 10_000;

export class ShardCaller {
  private readonly rpc: EtcdRpc;

  constructor(rpc: EtcdRpc) {
    this.rpc = rpc;
  }

  client(shard: ViewShard): EtcdShardClient {
    return new EtcdShardClient({
      shard: shard.id,
      endpoints: shard.endpoints,
      rpc: this.rpc,
      clock: systemClock,
      random: systemRandom,
      trace: { emit: () => undefined },
      limits: defaultLimits,
    });
  }

  /** @throws ClusterError when no member answers. */
  async read(shard: ViewShard, request: EtcdRequest, readMsMax = readMsMaxUnlessSaid): Promise<EtcdReply> {
    const client = this.client(shard);
    try {
      const outcome = await client.execute(request, { readOnly: true, deadlineMs: readMsMax });
      if (outcome.kind === 'reply') return outcome.reply;
      throw new ClusterError(`shard ${shard.id} does not answer`, { nextStep: 'See `make status`.' });
    } finally {
      client.close();
    }
  }
}
