/** Shards that have reached their quota, or will because of gaps: `up` defragments them and clears the alarm where there is room. */
import { defragment, readAlarms, takeBackAlarm } from '../../../etcd/alarms.ts';
import { ClusterError } from '../../../errors.ts';
import { byteCount } from '../../../topology/quantity.ts';
import { isGappy } from '../../../../sharder/core/reserve.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import { askMembers } from '../processes/ask-members.ts';
import type { MemberState, ShardState } from '../state/cluster-state.ts';
import type { LocalContext } from '../state/local-context.ts';
import { clientUrl } from '../processes/local-shard.ts';

/** Below this part of the quota a full shard may write again: with less room it would be full again at once. */
const roomyPart = 0.9;

/**
 * @returns the names of the shards that can be written to again.
 * @throws ClusterError where a shard stays full.
 */
export async function freeFullShards(context: LocalContext): Promise<string[]> {
  const freed: string[] = [];
  for (const shard of context.state.shards.filter(({ id }) => !context.left?.deadShards.has(id)))
    if (await freeShard(context, shard)) freed.push(shardName(shard.id));
  return freed;
}

/** Missing members are skipped: `up` reports them elsewhere, and defragments them when they are back. */
async function freeShard({ rpc, state }: LocalContext, shard: ShardState): Promise<boolean> {
  const { quota } = state.topology.etcd;
  const quotaBytes = byteCount(quota);
  const spaces = async () => {
    const answers = await askMembers(rpc, shard.members);
    return answers.flatMap(({ member, status }) =>
      status === null || status.isLearner
        ? []
        : [{ member, sizeBytes: status.dbSizeBytes, inUseBytes: status.dbSizeInUseBytes, quotaBytes }],
    );
  };
  const before = await spaces();
  const there = before.map(({ member }) => member);
  const [asked] = there;
  if (asked === undefined) return false;
  const alarms = await readAlarms(clientUrl(asked), 'NOSPACE');
  if (alarms === null || (alarms.length === 0 && !before.some(isGappy))) return false;
  // One after the other: a member answers nothing else while it defragments.
  for (const member of there) await told(member, defragment(clientUrl(member)));
  if (alarms.length === 0) return true;
  const after = await spaces();
  if (Math.max(...after.map(({ sizeBytes }) => sizeBytes)) > roomyPart * quotaBytes)
    throw new ClusterError(`${shardName(shard.id)} is full: its keys take ${quota}, all of its quota`, {
      nextStep:
        'Give it more with etcd.quota in a topology file: `make down`, then `make up TOPOLOGY=file.yaml`.',
    });
  for (const alarm of alarms) await told(asked, takeBackAlarm(clientUrl(asked), 'NOSPACE', alarm));
  return true;
}

/** @throws ClusterError instead of etcd's own error. */
async function told({ name }: MemberState, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw new ClusterError(`${name}, whose shard is full, could not make room: ${(error as Error).message}`, {
      nextStep: 'See `make status`, then run `make up` again.',
      cause: error,
    });
  }
}
