/**
 * Writes the first view and fences of a cluster in Kubernetes that was applied by kubectl alone: there only its view servers
 * can write them. When there is a view, nothing is written.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../sharder/core/ports.ts';
import { ClusterError } from '../errors.ts';
import type { EtcdCaller } from '../etcd/etcd-caller.ts';
import { memberEndpoints } from '../manifests/names.ts';
import type { ShardFleet } from '../providers/shard-fleet.ts';
import { writeFirstRecords } from '../records/records.ts';
import { parseTopology, shardIds } from '../topology/topology.ts';
import { pauseUntilAborted } from './home/leader-lease.ts';

/** New members need a while to elect a leader, and DNS needs a while to know their names. */
const retryMs = 1000;

export interface FirstRecords {
  /** VASE_TOPOLOGY, as the fleet has read it. */
  topology: string;
  rpc: EtcdCaller;
  fleet: Pick<ShardFleet, 'noteFormed'>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** Resolves when the records are there, even if another process wrote them, or at the signal. */
export async function ensureFirstRecords({ topology: text, ...options }: FirstRecords): Promise<void> {
  const { rpc, fleet, clock, logger, signal } = options;
  const topology = parseTopology(JSON.parse(text));
  const shards = shardIds(topology).map((id) => ({ id, endpoints: memberEndpoints(topology, id) }));
  let said = '';
  while (!signal.aborted) {
    try {
      const created = await writeFirstRecords(rpc, shards, async (shard, isNew) =>
        fleet.noteFormed?.(shard, isNew),
      );
      if (created > 0) logger.info({ created }, 'wrote the first records');
      return;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      // Logged once, not at every try.
      if (error.message !== said) logger.warn({ nextStep: error.nextStep }, error.message);
      said = error.message;
    }
    await pauseUntilAborted(clock, retryMs, signal);
  }
}
