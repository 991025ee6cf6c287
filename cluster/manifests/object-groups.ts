/**
 * All objects of a cluster, in the order in which they are applied, grouped as they are written to files. A pure
 * function of topology and overlay; every object has been validated.
 */
import { shardIds } from '../topology/topology.ts';
import { namespaceObject, storageClass } from './cluster-objects.ts';
import { shardObjects } from './etcd-objects.ts';
import { shardName } from './names.ts';
import { networkPolicies } from './network-policies.ts';
import type { Blueprint } from './overlay.ts';
import { sharderObjects } from './sharder-objects.ts';
import { viewServerObjects } from './view-server-objects.ts';
import { assertValidObject, type KubernetesObject } from './validate-object.ts';

export interface ObjectGroup {
  /** Names the group and its file. */
  name: string;
  objects: KubernetesObject[];
}

/** @throws Error when an object does not conform to Kubernetes' schema: a fault of the generator. */
export function buildObjectGroups(blueprint: Blueprint): ObjectGroup[] {
  const { topology } = blueprint;
  const groups: ObjectGroup[] = [
    group('namespace', [namespaceObject(blueprint)]),
    group('storage', [storageClass(blueprint)]),
    group('network', networkPolicies(blueprint)),
    ...shardIds(topology).map((shard) => group(shardName(shard), shardObjects(blueprint, shard))),
    group('sharder', sharderObjects(blueprint)),
    ...(topology.viewServers > 0 ? [group('view-server', viewServerObjects(blueprint))] : []),
  ];
  for (const { objects } of groups) objects.forEach(assertValidObject);
  return groups;
}

function group(name: string, objects: object[]): ObjectGroup {
  return { name, objects: objects as KubernetesObject[] };
}
