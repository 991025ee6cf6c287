/**
 * Shards that take no writes because etcd found that their members' data differ (alarm CORRUPT). `up` compares the data
 * itself: where they are the same, because the member that differed has been replaced, it takes the alarm back; where they
 * are not, it names the members that differ. Nothing shows which of two that differ is right.
 */
import { alarmsOf, hashData, readAlarms, takeBackAlarm } from '../../../etcd/alarms.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import type { Problem } from '../../provider.ts';
import { describeCorrupt } from '../status/find-problems.ts';
import { askMembers } from '../processes/ask-members.ts';
import { clientUrl } from '../processes/local-shard.ts';
import type { ShardState } from '../state/cluster-state.ts';
import type { LocalContext } from '../state/local-context.ts';

/** Members compact at different moments, and a hash from before a compaction cannot be compared with one from after it. */
const triesMax = 3;

export interface CorruptShards {
  /** The names of the shards that accept writes again. */
  healed: string[];
  /** The shards that do not, with the reason. */
  left: { id: number; problem: Problem }[];
}

/** Looks at the shards that are not dead. */
export async function settleCorruptShards(context: LocalContext): Promise<CorruptShards> {
  const found: CorruptShards = { healed: [], left: [] };
  for (const shard of context.state.shards.filter(({ id }) => !context.left?.deadShards.has(id))) {
    const differing = await settleShard(context, shard);
    if (differing === 'sound') continue;
    if (differing === 'healed') found.healed.push(shardName(shard.id));
    else found.left.push({ id: shard.id, problem: describeCorrupt(shardName(shard.id), differing.why) });
  }
  return found;
}

async function settleShard(
  context: LocalContext,
  shard: ShardState,
): Promise<'sound' | 'healed' | { why: string }> {
  const there = (await askMembers(context.rpc, shard.members)).filter(({ status }) => status !== null);
  const [asked] = there;
  if (asked === undefined) return 'sound';
  const url = clientUrl(asked.member);
  if (!(await alarmsOf(url)).isCorrupt) return 'sound';
  if (there.length < shard.members.length) return { why: 'not all of its members answer' };
  try {
    const why = await compareMembers(context, shard);
    if (why !== null) return { why };
    const alarms = await readAlarms(url, 'CORRUPT');
    if (alarms === null) return { why: `${asked.member.name} does not say who raised the alarm` };
    for (const id of alarms) await takeBackAlarm(url, 'CORRUPT', id);
    return 'healed';
  } catch (error) {
    return { why: `they cannot be compared: ${(error as Error).message}` };
  }
}

/** @returns null where all members hold the same data; else a clause that says what differs. @throws Error */
async function compareMembers({ rpc }: LocalContext, { members }: ShardState): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    const answers = await askMembers(rpc, members);
    const revisions = answers.flatMap(({ status }) => status?.header?.revision ?? []);
    if (revisions.length < members.length) return 'not all of its members answer';
    // All members have applied this revision.
    const revision = Math.min(...revisions);
    const hashes = await Promise.all(members.map((member) => hashData(clientUrl(member), revision)));
    const kinds = new Set(hashes.map(({ hash }) => hash));
    if (kinds.size === 1) return null;
    if (new Set(hashes.map(({ compactRevision }) => compactRevision)).size === 1) {
      const said = members.map(({ name }, index) => `${name} ${hashes[index]?.hash}`);
      return `hashes of their data at revision ${revision}: ${said.join(', ')}`;
    }
    if (tries === triesMax) return 'they compacted their history while they were compared';
  }
}
