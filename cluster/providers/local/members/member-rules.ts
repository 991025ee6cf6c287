/** Which changes of a shard's number of members are refused, with which message: rules, which change nothing. */
import { shardName } from '../../../../sharder/core/view.ts';
import { ClusterError } from '../../../errors.ts';
import { agreedSize, membersMax } from '../../member-numbers.ts';
import { counted } from '../../steps.ts';
import {
  isChanging,
  votersOf,
  type ClusterState,
  type MemberState,
  type ShardState,
} from '../state/cluster-state.ts';
import { goOnCommand } from '../processes/member-loss.ts';

export interface SeenShard {
  shard: ShardState;
  /** Names of the members that answer and follow one leader, itself among them; empty: there is no leader. */
  healthy: ReadonlySet<string>;
}

/** @throws ClusterError where no member may be added. */
export function refuseAddition({ shard, healthy }: SeenShard): void {
  const name = shardName(shard.id);
  refuseUnsettled(shard, null);
  if (shard.members.length >= membersMax)
    throw new ClusterError(
      `${name} has ${counted(shard.members.length, 'member')}, and more than ${membersMax} it may not have`,
      {
        nextStep: 'More members make writes slower. For more room or speed: `vase shard add`.',
      },
    );
  if (healthy.size === 0) throw leaderless(shard);
  const away = votersOf(shard).find((member) => !healthy.has(member.name));
  if (away !== undefined)
    throw new ClusterError(
      `${away.name} does not follow the leader of ${name}: etcd adds a member only when all others are well`,
      {
        nextStep:
          `\`make up\` starts it; \`vase member replace ${away.name}\` puts a new one in its place where its data are lost; ` +
          `\`vase member remove ${away.name}\` lets it go.`,
      },
    );
}

/** @throws ClusterError where the shard cannot do without the member. */
export function refuseRemoval({ shard, healthy }: SeenShard, member: MemberState): void {
  const name = shardName(shard.id);
  refuseUnsettled(shard, member);
  const others = votersOf(shard).filter((each) => each !== member);
  if (others.length === 0)
    throw new ClusterError(`${member.name} is the only member of ${name} that has its data`, {
      nextStep: `Add another first: \`vase member add ${name}\`. All of a shard goes with \`vase shard remove ${shard.id}\`.`,
    });
  if (healthy.size === 0) throw leaderless(shard);
  // The quorum does not need a member that has no vote.
  if (member.joining !== undefined) return;
  const left = others.filter((each) => healthy.has(each.name));
  if (left.length > others.length / 2) return;
  const away = others.find((each) => !healthy.has(each.name))!;
  throw new ClusterError(
    `without ${member.name} ${name} would have no quorum: ${left.length} of the ${others.length} members that would be left ` +
      (left.length === 1 ? 'is well' : 'are well'),
    {
      nextStep: `Bring ${away.name} back first: \`make up\`, or \`vase member replace ${away.name}\` where its data are lost.`,
    },
  );
}

/** @param but the member that this command changes. */
function refuseUnsettled(shard: ShardState, but: MemberState | null): void {
  const name = shardName(shard.id);
  if (shard.recovering !== undefined)
    throw new ClusterError(`the recovery of ${name} was cut short`, {
      nextStep: `\`vase shard recover ${shard.id} --from ${shard.recovering}\` goes on with it.`,
    });
  if (!shard.formed)
    throw new ClusterError(`${name} is still being made`, {
      nextStep: 'See `vase view`, and try again then.',
    });
  const other = shard.members.find((member) => member !== but && isChanging(member));
  if (other !== undefined)
    throw new ClusterError(
      `${other.name} is on its way into ${name} or out of it, and one member changes at a time`,
      {
        nextStep: `\`${goOnCommand(other, shard)}\` goes on with that.`,
      },
    );
}

function leaderless(shard: ShardState): ClusterError {
  return new ClusterError(
    `${shardName(shard.id)} has no leader with a quorum: its members cannot be changed`,
    {
      nextStep: 'Bring its members up with `make up`.',
    },
  );
}

/** The name with the lowest number that no member of the shard has. */
export function nextMemberName({ id, members }: Pick<ShardState, 'id' | 'members'>): string {
  const taken = new Set(members.map(({ name }) => name));
  for (let ordinal = 0; ; ordinal++) {
    const name = `${shardName(id)}-${ordinal}`;
    if (!taken.has(name)) return name;
  }
}

/** New shards get the existing shards' number of members, as soon as these agree on one that a new shard may have. */
export function settleSize({ topology, shards }: Pick<ClusterState, 'topology' | 'shards'>): void {
  topology.members = agreedSize(shards.map(({ members }) => members.length)) ?? topology.members;
}

/**
 * @param wanted the number that the user has asked for; undefined: none.
 * @throws ClusterError where a shard has another number of members: `up` changes none.
 */
export function refuseOtherSizes(shards: readonly ShardState[], wanted: unknown): void {
  if (wanted === undefined) return;
  const size = Number(wanted);
  const other = shards.find(({ members }) => members.length !== size);
  if (other === undefined) return;
  const name = shardName(other.id);
  const { length } = other.members;
  const way =
    length < size
      ? `\`vase member add ${name}\` adds one`
      : `\`vase member remove ${other.members.at(-1)!.name}\` takes one away`;
  throw new ClusterError(`${name} has ${counted(length, 'member')}, and \`up\` does not make them ${size}`, {
    nextStep: `${way}, while the cluster serves; run it again until there are as many as you want. Each shard has its own number.`,
  });
}
