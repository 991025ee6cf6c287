/** Members of the shards of a cluster in Kubernetes, for the commands that list and change them. */
import type { StatusReply } from '../../../sharder/core/etcd-messages.ts';
import { asHex, listEtcdMembers, type EtcdMember } from '../../etcd/member-api.ts';
import { UsageError } from '../../errors.ts';
import { etcdPorts } from '../../manifests/names.ts';
import type { ListedMember, MemberControl, MemberOptions, Problem } from '../provider.ts';
import { diagnosePods } from './diagnose-pods.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { readLiveObjects, shardOf, type LiveStatefulSet, type Pod } from './live-objects.ts';
import { memberEndpoint, memberNamesOf } from './read-status.ts';
import { replaceMember } from './replace-member.ts';
import { findShardLeader, hostOf, statusOf } from './shard-members.ts';

/** How many a shard has is part of its StatefulSet, of each pod's arguments and of the view's addresses. */
const fixedSize =
  ': a shard there keeps as many members as it was made with. A cluster with another number is a new one ' +
  '(`make clean`, then `make up MEMBERS=5`: that deletes the data); a lost member comes back with `vase member replace NAME`; ' +
  'for more room or speed: `vase shard add`';

export interface MembersParts {
  connect: () => Promise<KubernetesCluster>;
  /** Holds the cluster's lock during the body. */
  locked: <T>(purpose: string, body: () => Promise<T>) => Promise<T>;
}

export class KubernetesMembers implements MemberControl {
  private readonly parts: MembersParts;

  constructor(parts: MembersParts) {
    this.parts = parts;
  }

  async list(): Promise<ListedMember[]> {
    const cluster = await this.parts.connect();
    const { statefulSets, pods } = await readLiveObjects(cluster.client, cluster.instance);
    const shards = await Promise.all(statefulSets.map((set) => listShard(cluster, set, pods)));
    return shards.flat();
  }

  async replace(name: string, options: MemberOptions): Promise<string> {
    return this.parts.locked(`\`vase member replace ${name}\``, async () => {
      const cluster = await this.parts.connect();
      const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
      const set = statefulSets.find((each) => memberNamesOf(each).includes(name));
      if (set === undefined) {
        const names = statefulSets.flatMap(memberNamesOf);
        throw new UsageError(`no member is called ${name}; the names are ${names.join(', ')}`);
      }
      return replaceMember({ cluster, shard: shardOf(set)!, names: memberNamesOf(set), name, options });
    });
  }

  async add(): Promise<never> {
    throw notYet('vase member add', fixedSize);
  }

  async remove(): Promise<never> {
    throw notYet('vase member remove', fixedSize);
  }

  async planRecovery(): Promise<never> {
    throw notYet('vase shard recover');
  }

  async recover(): Promise<never> {
    throw notYet('vase shard recover');
  }
}

function notYet(command: string, instead = ''): UsageError {
  return new UsageError(`\`${command}\` is not yet on provider kind${instead}`);
}

async function listShard(
  cluster: KubernetesCluster,
  set: LiveStatefulSet,
  pods: readonly Pod[],
): Promise<ListedMember[]> {
  const shard = shardOf(set)!;
  const names = memberNamesOf(set);
  const leader = await findShardLeader(cluster, shard, names);
  const known = leader === null ? [] : await listEtcdMembers(leader.url).catch(() => []);
  return Promise.all(
    names.map(async (name): Promise<ListedMember> => {
      const status = await statusOf(cluster, shard, name);
      const peer = `${hostOf(cluster.instance, shard, name)}:${etcdPorts.peer}`;
      const own = known.find(({ peerURLs }) => peerURLs.some((url) => url.endsWith(`//${peer}`)));
      return {
        name,
        shard,
        id: own === undefined ? null : asHex(own.id),
        role: status === null ? null : roleOf(status, own),
        endpoint: memberEndpoint(cluster.instance, shard, name),
        version: status?.version ?? null,
        dbSizeBytes: status?.dbSizeBytes ?? null,
        problem: status === null ? problemOf(name, pods) : null,
      };
    }),
  );
}

function roleOf(status: StatusReply, own: EtcdMember | undefined): ListedMember['role'] {
  if (own?.isLearner) return 'learner';
  return status.leaderId === status.header?.memberId ? 'leader' : 'follower';
}

function problemOf(name: string, all: readonly Pod[]): Problem {
  const pods = all.filter(({ metadata }) => metadata.name === name);
  const [fault] = diagnosePods({ pods, events: [], nowMs: Date.now(), sinceMs: 0 });
  if (fault !== undefined) return { what: fault.what, fix: fault.nextStep };
  return { what: `${name} does not answer`, fix: `See \`make logs NAME=${name}\`.` };
}
