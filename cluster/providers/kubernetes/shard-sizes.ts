/** How many members each shard has now: those that it was formed with, and those added or removed since. */
import { ClusterError } from '../../errors.ts';
import { memberNames, shardName } from '../../manifests/names.ts';
import type { ShardMembers } from '../../manifests/overlay.ts';
import type { ShardIdentity } from '../../manifests/shard-identity.ts';
import { shardIds, type Topology } from '../../topology/topology.ts';
import { counted } from '../steps.ts';
import { readIdentity, type Instance } from './formed-shards.ts';
import { shardOf, type LiveStatefulSet } from './live-objects.ts';
import { memberNamesOf } from './read-status.ts';

export type ShardSizes = ReadonlyMap<number, ShardMembers & { identity: ShardIdentity | null }>;

/** The sizes of the topology's shards, and of all other shards that exist. */
export async function readSizes(
  cluster: Instance,
  topology: Topology,
  sets: readonly LiveStatefulSet[],
): Promise<ShardSizes> {
  const bySet = new Map(sets.map((set) => [shardOf(set)!, set]));
  const ids = [...new Set([...shardIds(topology), ...bySet.keys()])];
  return new Map(
    await Promise.all(
      ids.map(async (id) => {
        const identity = await readIdentity(cluster, id);
        return [id, { ...sizeOf({ topology, id, identity, set: bySet.get(id) }), identity }] as const;
      }),
    ),
  );
}

/** During a member change the size is the number of pods: the command that changes the member, or `up`, continues from there. */
function sizeOf({
  topology,
  id,
  identity,
  set,
}: {
  topology: Topology;
  id: number;
  identity: ShardIdentity | null;
  set: LiveStatefulSet | undefined;
}): ShardMembers {
  if (identity === null) {
    const names = memberNames(topology, id);
    return { names, served: names };
  }
  const { members, adding, leaving } = identity;
  const isChanging = adding !== undefined || leaving !== undefined;
  return {
    names: isChanging && set !== undefined ? memberNamesOf(set) : members,
    served: members.filter((name) => name !== adding && name !== leaving),
  };
}

/**
 * @param asked how many members the user wants; null: as many as there are.
 * @param mayChange whether this provider can add and remove members.
 * @throws ClusterError where a shard has another number: `up` adds and removes none.
 */
export function refuseOtherSizes(
  sizes: ShardSizes,
  { asked, mayChange }: { asked: number | null; mayChange: boolean },
): void {
  if (asked === null) return;
  for (const [id, { names, identity }] of sizes) {
    const { length } = identity?.members ?? names;
    if (length === asked) continue;
    const name = shardName(id);
    if (!mayChange)
      throw new ClusterError(
        `${name} was formed with ${counted(length, 'member')} (${names.join(', ')}), and ${asked} are asked for: ` +
          'applying objects neither adds members nor removes any',
        { nextStep: `Ask for the number that it has: \`--members ${length}\`.` },
      );
    const way =
      length < asked
        ? `\`vase member add ${name}\` adds one`
        : `\`vase member remove ${name}-${length - 1}\` takes one away`;
    throw new ClusterError(
      `${name} has ${counted(length, 'member')}, and \`up\` does not make them ${asked}`,
      {
        nextStep: `${way}, while the cluster serves; run it again until there are as many as you want. Each shard has its own number.`,
      },
    );
  }
}
