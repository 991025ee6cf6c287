/** Members of the shards of a cluster in Kubernetes, for the commands that list and change them. */
import type { StatusReply } from '../../../../sharder/core/etcd-messages.ts';
import { asHex, listEtcdMembers, type EtcdMember } from '../../../etcd/member-api.ts';
import { UsageError } from '../../../errors.ts';
import { etcdPorts } from '../../../manifests/names.ts';
import type { Blueprint } from '../../../manifests/overlay.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import type { ListedMember, MemberControl, MemberOptions, Problem } from '../../provider.ts';
import { diagnosePods } from '../diagnose-pods.ts';
import { readIdentity } from '../formed-shards.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { readLiveObjects, shardOf, type LiveStatefulSet, type Pod } from '../live-objects.ts';
import { addMember } from './add-member.ts';
import { removeMember } from './remove-member.ts';
import { memberEndpoint, memberNamesOf } from '../read-status.ts';
import { replaceMember } from '../replace-member.ts';
import { findShardLeader, hostOf, statusOf } from '../shard-members.ts';

export interface MembersParts {
  connect: () => Promise<KubernetesCluster>;
  /** What the cluster's objects are made from. */
  blueprint: () => Blueprint;
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
      if (set === undefined) throw unknownMember(name, statefulSets);
      return replaceMember({ cluster, shard: shardOf(set)!, names: memberNamesOf(set), name, options });
    });
  }

  async add(id: number | null, options: MemberOptions): Promise<{ name: string; done: string }> {
    return this.parts.locked('`vase member add`', async () => {
      const cluster = await this.parts.connect();
      const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
      const shard = demandShard(statefulSets, id);
      return addMember({ cluster, blueprint: this.parts.blueprint(), shard, options });
    });
  }

  async remove(name: string, options: MemberOptions): Promise<string> {
    return this.parts.locked(`\`vase member remove ${name}\``, async () => {
      const cluster = await this.parts.connect();
      const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
      const set = statefulSets.find(({ metadata }) => new RegExp(`^${metadata.name}-\\d+$`).test(name));
      const shard = set === undefined ? null : shardOf(set)!;
      const identity = shard === null ? null : await readIdentity(cluster, shard);
      if (set === undefined || shard === null) throw unknownMember(name, statefulSets);
      const known = new Set([...memberNamesOf(set), ...(identity?.members ?? [])]);
      if (!known.has(name) && identity?.leaving !== name && identity?.adding !== name)
        return `${name} is no member of ${set.metadata.name}, which has ${[...known].join(', ')}: nothing is removed.`;
      return removeMember({ cluster, blueprint: this.parts.blueprint(), shard, name, options });
    });
  }

  async planRecovery(): Promise<never> {
    throw notYet('vase shard recover');
  }

  async recover(): Promise<never> {
    throw notYet('vase shard recover');
  }
}

function notYet(command: string): UsageError {
  return new UsageError(`\`${command}\` is not yet on provider kind`);
}

/** The error lists the names. */
function unknownMember(name: string, sets: readonly LiveStatefulSet[]): UsageError {
  return new UsageError(
    `no member is called ${name}; the names are ${sets.flatMap(memberNamesOf).join(', ')}`,
  );
}

/** @param id null where there is only one. @throws UsageError that lists the shards. */
function demandShard(sets: readonly LiveStatefulSet[], id: number | null): number {
  const names = sets.map(({ metadata }) => metadata.name).join(', ');
  if (id === null && sets.length > 1) throw new UsageError(`name the shard: one of ${names}`);
  const set = id === null ? sets[0] : sets.find((each) => shardOf(each) === id);
  if (set === undefined)
    throw new UsageError(`no shard is called ${shardName(id ?? 1)}; the names are ${names}`);
  return shardOf(set)!;
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
