/** What is wrong with a cluster that should run, each with a fix. */
import { findRoomProblem } from '../../room-problem.ts';
import type {
  ClusterStatus,
  MemberStatus,
  Problem,
  SharderStatus,
  ShardStatus,
  ViewServerStatus,
} from '../../provider.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import {
  describeChange,
  describeDeleted,
  describeLoss,
  findDeleted,
  findLoss,
} from '../processes/member-loss.ts';
import { logFileOf, type StateFolder } from '../../../state/state-folder.ts';

const roomFixes = {
  more:
    'Delete keys: new ones take their room once etcd has compacted its history. Or move slots away with `vase shard add`; or ' +
    'raise etcd.quota in a topology file: `make down`, then `make up TOPOLOGY=file.yaml`.',
  defragment: '`make up` defragments it.',
};

export function findProblems(
  folder: StateFolder,
  state: ClusterState,
  seen: Pick<ClusterStatus, 'shards' | 'sharders' | 'viewServers'> & { isKept: boolean },
): Problem[] {
  return [
    ...seen.shards.flatMap((shard) => shardProblems(shard)),
    ...seen.shards.flatMap((shard) =>
      shard.members.flatMap((member) => findMemberProblems(folder, state, shard, member)),
    ),
    ...[...seen.sharders, ...seen.viewServers].flatMap((owner) => servantProblems(folder, owner)),
    ...(seen.isKept ? [] : [unkept(folder)]),
  ];
}

/** The problems of one member; empty when it is well. */
export function findMemberProblems(
  folder: StateFolder,
  state: ClusterState,
  { id, hasQuorum }: Pick<ShardStatus, 'id' | 'hasQuorum'>,
  seen: MemberStatus,
): Problem[] {
  const shard = state.shards.find((each) => each.id === id);
  const member = shard?.members.find(({ name }) => name === seen.name);
  const change = member === undefined ? null : describeChange(member, shard!);
  if (change !== null) return [change];
  if (seen.process === 'stopped') {
    const loss = member && findLoss({ folder, state, shard: shard!, member });
    return [loss ? describeLoss(loss, seen.name, { id, hasQuorum }) : stopped(folder, seen.name)];
  }
  const deleted = member && findDeleted({ folder, state, shard: shard!, member });
  return [
    ...(deleted ? [describeDeleted(deleted, member, shard!)] : []),
    ...runningProblems(folder, state, seen),
  ];
}

function shardProblems(shard: ShardStatus): Problem[] {
  if (shard.isCorrupt) return [describeCorrupt(shard.name)];
  if (shard.isFull) return [full(shard)];
  if (shard.hasQuorum) return [findRoomProblem(shard, roomFixes)].filter((problem) => problem !== null);
  return [
    {
      what: `${shard.name} has no leader with a quorum: its keys can be neither read nor written`,
      fix: 'Bring its members back with `make up`.',
    },
  ];
}

function full({ name }: ShardStatus): Problem {
  return {
    what: `${name} has reached its quota (etcd's alarm NOSPACE): its keys can be read and not written`,
    fix:
      '`make up` defragments it and lets it write again where that makes room; more room gives etcd.quota in a ' +
      'topology file: `make down`, then `make up TOPOLOGY=file.yaml`.',
  };
}

/** @param why a clause; empty: nothing more is known. */
export function describeCorrupt(name: string, why = ''): Problem {
  return {
    what: `${name} takes no writes: etcd found that its members' data differ (alarm CORRUPT)${why === '' ? '' : `; ${why}`}`,
    fix:
      '`make up` compares them and says which differ. Replace the member whose data differ from the others: `make down`, move ' +
      'its data folder elsewhere, `make up REPLACE=1`. Keep that folder until you know what it lacks.',
  };
}

function runningProblems(folder: StateFolder, state: ClusterState, member: MemberStatus): Problem[] {
  const version = state.etcd?.version;
  if (member.process === 'paused') return [paused(member.name)];
  if (member.etcd === null) {
    return [
      {
        what: `${member.name} runs and does not answer`,
        fix: `Look at ${logFileOf(folder, member.name)}; \`make down\` and \`make up\` start it anew.`,
      },
    ];
  }
  if (version !== undefined && member.etcd.version !== version) {
    return [
      {
        what: `${member.name} runs etcd ${member.etcd.version}, and the cluster ${version}`,
        fix: '`make down`, then `make up`, start it with the release of the cluster.',
      },
    ];
  }
  return [];
}

function servantProblems(folder: StateFolder, owner: SharderStatus | ViewServerStatus): Problem[] {
  if (owner.process === 'stopped') return [stopped(folder, owner.name)];
  if (owner.process === 'paused') return [paused(owner.name)];
  if (owner.ready) return [];
  return [{ what: `${owner.name} runs and is not ready`, fix: `Look at ${logFileOf(folder, owner.name)}.` }];
}

function stopped(folder: StateFolder, name: string): Problem {
  return {
    what: `${name} does not run`,
    fix: `\`make up\` starts it again, or the keeper does after a pause; why it ended may stand in ${logFileOf(folder, name)}.`,
  };
}

function unkept(folder: StateFolder): Problem {
  return {
    what: 'the keeper does not run: what ends is not started again',
    fix: `\`make up\` starts it; why it ended may stand in ${logFileOf(folder, 'keeper')}.`,
  };
}

function paused(name: string): Problem {
  return { what: `${name} is paused (SIGSTOP)`, fix: '`make up` wakes it.' };
}
