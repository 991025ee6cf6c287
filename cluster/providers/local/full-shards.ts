/** Shards that have reached their quota: defragmented and let write again where there is room, by `up`. */
import { defragment, readSpaceAlarms, takeBackSpaceAlarm } from '../../etcd/space-alarm.ts';
import { ClusterError } from '../../errors.ts';
import { byteCount } from '../../quantity.ts';
import { shardName } from '../../../sharder/core/view.ts';
import { askMembers } from './ask-members.ts';
import type { ShardState } from './cluster-state.ts';
import type { LocalContext } from './local-context.ts';
import { clientEndpoint } from './local-shard.ts';

/** Below this part of the quota a shard that was full may write again: less would be full at once. */
const roomyPart = 0.9;

/**
 * @returns the names of the shards that can be written to again.
 * @throws ClusterError where a shard is full and stays so.
 */
export async function freeFullShards(context: LocalContext): Promise<string[]> {
  const freed: string[] = [];
  for (const shard of context.state.shards.filter(({ id }) => !context.left?.deadShards.has(id)))
    if (await freeShard(context, shard)) freed.push(shardName(shard.id));
  return freed;
}

async function freeShard({ rpc, state }: LocalContext, shard: ShardState): Promise<boolean> {
  const urls = shard.members.map((member) => `http://${clientEndpoint(member)}`);
  const alarms = await readSpaceAlarms(urls[0]!);
  if (alarms === null || alarms.length === 0) return false;
  // One after the other: a member that is at it answers nothing else.
  for (const url of urls) await defragment(url);
  const { quota } = state.topology.etcd;
  const sizes = (await askMembers(rpc, shard.members)).map(({ status }) => status?.dbSizeBytes ?? Infinity);
  if (Math.max(...sizes) > roomyPart * byteCount(quota))
    throw new ClusterError(`${shardName(shard.id)} is full: its keys take ${quota}, all of its quota`, {
      nextStep:
        'Give it more with etcd.quota in a topology file: `make down`, then `make up TOPOLOGY=file.yaml`.',
    });
  for (const alarm of alarms) await takeBackSpaceAlarm(urls[0]!, alarm);
  return true;
}
