/**
 * Where the members of shards are, in ConfigMaps instead of in pods' templates: adding a member to a shard, or removing one,
 * restarts none of the other members, and neither sharders nor view servers. A pod that starts later reads the newest addresses.
 */
import type { EnvVar } from 'kubernetes-types/core/v1.d.ts';
import { shardIds, type Topology } from '../topology/topology.ts';
import { commonLabels, etcdPorts, memberEndpoint, memberHost, memberNames, shardName } from './names.ts';
import { usesTls, type Blueprint, type ShardMembers } from './overlay.ts';
import type { KubernetesObject } from './validate-object.ts';

const addressesName = 'shard-addresses';
const homeKey = 'home';
const mirrorsKey = 'mirrors';
const initialClusterKey = 'initial-cluster';

export function initialClusterName(shard: number): string {
  return `${shardName(shard)}-initial-cluster`;
}

export function membersOf({ topology, members }: Blueprint, shard: number): ShardMembers {
  const names = memberNames(topology, shard);
  return members?.get(shard) ?? { names, served: names };
}

/** The members with which a member that has no data yet forms or joins its shard. A member that has data does not read it. */
export function initialClusterObject(blueprint: Blueprint, shard: number): KubernetesObject {
  const scheme = usesTls(blueprint) ? 'https' : 'http';
  const peers = membersOf(blueprint, shard).names.map(
    (member) => `${member}=${scheme}://${memberHost(blueprint.topology, shard, member)}:${etcdPorts.peer}`,
  );
  return configMap(blueprint.topology, initialClusterName(shard), { [initialClusterKey]: peers.join(',') });
}

/** Where sharders and view servers find the view and its copies when they start. */
export function addressesObject(blueprint: Blueprint): KubernetesObject {
  const { topology } = blueprint;
  const [home, ...others] = shardIds(topology).map((shard) => servedEndpoints(blueprint, shard).join(','));
  // A shard that was added since has a copy of the view, too, and need not be asked.
  const mirrors = others.length === 0 ? {} : { [mirrorsKey]: others.join(';') };
  return configMap(topology, addressesName, { [homeKey]: home!, ...mirrors });
}

/** The client endpoints of a shard, as the view names them. */
export function servedEndpoints(blueprint: Blueprint, shard: number): string[] {
  return membersOf(blueprint, shard).served.map((member) =>
    memberEndpoint(blueprint.topology, shard, member),
  );
}

export function initialClusterVariable(shard: number): EnvVar {
  return fromMap('ETCD_INITIAL_CLUSTER', { name: initialClusterName(shard), key: initialClusterKey });
}

export function homeVariable(): EnvVar {
  return fromMap('VASE_HOME', { name: addressesName, key: homeKey });
}

export function mirrorsVariable(topology: Topology): EnvVar[] {
  return topology.shards > 1 ? [fromMap('VASE_MIRRORS', { name: addressesName, key: mirrorsKey })] : [];
}

function fromMap(name: string, configMapKeyRef: { name: string; key: string }): EnvVar {
  return { name, valueFrom: { configMapKeyRef } };
}

function configMap({ name: namespace }: Topology, name: string, data: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: commonLabels }, data };
}
