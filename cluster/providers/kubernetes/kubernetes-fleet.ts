/**
 * What the view server asks of the Kubernetes cluster that it runs in: it adds and removes shards, each a StatefulSet with
 * its other objects, sets the number of sharders, and finds the metrics of all processes.
 */
import type { ViewShard } from '../../../sharder/core/view.ts';
import { ClusterError } from '../../errors.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ObjectName } from '../../kubernetes/kubernetes-objects.ts';
import { shardObjects } from '../../manifests/etcd-objects.ts';
import {
  clientServiceName,
  componentSelector,
  etcdPorts,
  shardName,
  sharderName,
  sharderPorts,
  shardSelector,
} from '../../manifests/names.ts';
import { networkPolicies } from '../../manifests/network-policies.ts';
import { usesTls, type Blueprint } from '../../manifests/overlay.ts';
import { initialClusterName } from '../../manifests/shard-addresses.ts';
import { assertValidObject, type KubernetesObject } from '../../manifests/validate-object.ts';
import { RefusedError } from '../../resharding/plan/refused-error.ts';
import { agreedSize } from '../member-numbers.ts';
import type { FleetOptions, MemberMetrics, ShardFleet } from '../shard-fleet.ts';
import { applyObjects } from './apply-objects.ts';
import { findLeaders } from './find-leaders.ts';
import { deleteIdentity, noteFormed } from './formed-shards.ts';
import {
  componentOf,
  isDeployed,
  isRolledOut,
  readLiveObjects,
  shardOf,
  type LiveDeployment,
  type LiveStatefulSet,
  type Pod,
} from './live-objects.ts';
import { memberEndpoint, memberNamesOf } from './read-status.ts';
import { waitFor } from './wait-for.ts';

const answerTimeoutMs = 3000;

export interface FleetParts {
  client: KubernetesClient;
  /** What shards are made from; its topology names the cluster. */
  blueprint: Blueprint;
  /** Calls members by their names inside the cluster. */
  members: EtcdCaller;
}

export class KubernetesFleet implements ShardFleet {
  private readonly client: KubernetesClient;
  private readonly blueprint: Blueprint;
  private readonly members: EtcdCaller;
  private readonly instance: string;

  constructor({ client, blueprint, members }: FleetParts) {
    this.client = client;
    this.blueprint = blueprint;
    this.members = members;
    this.instance = blueprint.topology.name;
  }

  async listShards(): Promise<ViewShard[]> {
    const { statefulSets } = await readLiveObjects(this.client, this.instance);
    return statefulSets.map((set) => this.shardOf(set));
  }

  async createShard(id: number, options: FleetOptions): Promise<ViewShard> {
    // Only the machine that runs `deploy-gke` has the authority's key: the pods would wait for their secrets for ever.
    if (usesTls(this.blueprint))
      throw new RefusedError(
        'no-certificates',
        `shard ${id} cannot be made: its members would need certificates, and only deploying a new cluster makes those`,
      );
    const { client, instance, members } = this;
    const { statefulSets: before } = await readLiveObjects(client, instance);
    const groups = [{ name: shardName(id), objects: this.objectsOf(id, before) }];
    options.report(`apply the objects of ${shardName(id)}`);
    const sinceMs = Date.now();
    await applyObjects(client, groups, options);
    options.report(`wait for a leader of ${shardName(id)}`);
    const cluster = { client, instance, members };
    const made = await waitFor(
      { cluster, signal: options.signal, sinceMs },
      {
        what: `the members of ${shardName(id)}`,
        components: ['etcd'],
        check: async ({ statefulSets }) => {
          const set = statefulSets.find((candidate) => shardOf(candidate) === id);
          if (set === undefined || !isRolledOut(set)) return null;
          // A member is ready only when it has answered a linearizable read: the leader has committed in its term.
          return (await findLeaders(cluster, [set])) === null ? null : this.shardOf(set);
        },
      },
    );
    await noteFormed(cluster, made);
    return made;
  }

  /**
   * In a shard that has no fence yet each member must have started once: from now on none starts on an empty volume.
   * @throws ClusterError while a member has not.
   */
  async noteFormed(shard: ViewShard, isNew: boolean): Promise<void> {
    if (isNew) await this.demandAllStarted(shard);
    await noteFormed(this.watched(), shard);
  }

  private async demandAllStarted({ id, endpoints }: ViewShard): Promise<void> {
    for (const endpoint of endpoints) {
      const options = { deadlineMs: answerTimeoutMs };
      const result = await this.members.call(endpoint, { kind: 'status' }, options);
      if (result.kind === 'reply' && result.reply.kind === 'status' && result.reply.leaderId !== '0')
        continue;
      throw new ClusterError(`a member of ${shardName(id)} has not started yet: ${endpoint}`, {
        nextStep: 'See `kubectl get pods`.',
      });
    }
  }

  async deleteShard(id: number, options: FleetOptions): Promise<void> {
    const { client, instance: namespace } = this;
    options.report(`delete the objects of ${shardName(id)}`);
    const name = shardName(id);
    const objects: Omit<ObjectName, 'namespace'>[] = [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name },
      { apiVersion: 'v1', kind: 'Service', name },
      { apiVersion: 'v1', kind: 'Service', name: clientServiceName(id) },
      { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', name },
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', name },
      { apiVersion: 'v1', kind: 'ConfigMap', name: initialClusterName(id) },
    ];
    for (const object of objects) await client.delete({ ...object, namespace });
    await waitFor(
      { cluster: this.watched(), signal: options.signal, sinceMs: Date.now() },
      {
        what: `the members of ${name}`,
        components: [],
        check: async ({ pods }) => (pods.some((pod) => shardOf(pod) === id) ? null : true),
      },
    );
    const labels = shardSelector(this.blueprint.topology, id);
    const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
    for (const { metadata } of await client.list({ ...kind, namespace, labels }))
      await client.delete({ ...kind, name: metadata.name, namespace });
    // Last: while the shard has data, it must not look like a shard that has not been formed.
    await deleteIdentity(this.watched(), id);
  }

  async sharderCount(): Promise<number> {
    const name = { apiVersion: 'apps/v1', kind: 'Deployment', name: sharderName, namespace: this.instance };
    return (await this.client.read<LiveDeployment>(name))?.spec?.replicas ?? 0;
  }

  async setSharderCount(count: number, options: FleetOptions): Promise<void> {
    options.report(`scale the sharders to ${count}`);
    const sinceMs = Date.now();
    await this.client.scaleDeployment(this.instance, sharderName, count);
    await waitFor(
      { cluster: this.watched(), signal: options.signal, sinceMs },
      {
        what: 'the sharders',
        components: ['sharder'],
        check: async ({ deployments }) => {
          const deployment = deployments.find((candidate) => componentOf(candidate) === 'sharder');
          return deployment !== undefined && deployment.spec?.replicas === count && isDeployed(deployment)
            ? true
            : null;
        },
      },
    );
  }

  async sharderMetrics(): Promise<string[]> {
    const pods = await this.podsOf('sharder');
    return pods.map(({ ip }) => `http://${ip}:${sharderPorts.admin}/metrics`);
  }

  async memberMetrics(): Promise<MemberMetrics[]> {
    const pods = await this.podsOf('etcd');
    return pods.map(({ pod, ip }) => ({
      shard: shardOf(pod)!,
      name: pod.metadata.name,
      url: `http://${ip}:${etcdPorts.metrics}/metrics`,
    }));
  }

  private watched() {
    return { client: this.client, instance: this.instance };
  }

  /** The objects of a shard: those of the generator, and the rules for who may speak to it. */
  private objectsOf(id: number, sets: readonly LiveStatefulSet[]): KubernetesObject[] {
    const { topology, overlay } = this.blueprint;
    const members = sizeOfNew(id, sets) ?? topology.members;
    const blueprint = { overlay, topology: { ...topology, members, firstShard: id, shards: 1 } };
    const own = networkPolicies(blueprint).filter(({ metadata }) => metadata?.name === shardName(id));
    const objects = [...own, ...shardObjects(blueprint, id)] as KubernetesObject[];
    objects.forEach(assertValidObject);
    return objects;
  }

  private shardOf(set: LiveStatefulSet): ViewShard {
    const id = shardOf(set)!;
    return { id, endpoints: memberNamesOf(set).map((name) => memberEndpoint(this.instance, id, name)) };
  }

  private async podsOf(component: 'etcd' | 'sharder'): Promise<{ pod: Pod; ip: string }[]> {
    const labels = componentSelector(this.blueprint.topology, component);
    const pods = await this.client.list<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: this.instance,
      labels,
    });
    return pods.flatMap((pod) => {
      const ip = pod.status?.podIP;
      return ip === undefined || pod.metadata.deletionTimestamp !== undefined ? [] : [{ pod, ip }];
    });
  }
}

/** The size that the shard was begun with, or else the size of the other shards. Null where these differ. */
function sizeOfNew(id: number, sets: readonly LiveStatefulSet[]): 1 | 3 | 5 | null {
  const begun = sets.filter((set) => shardOf(set) === id);
  const like = begun.length > 0 ? begun : sets;
  return agreedSize(like.map((set) => memberNamesOf(set).length));
}
