/**
 * Names, labels, ports and DNS names of what runs in the cluster, each defined once. Objects refer to each other only
 * through these, so that a selector, a peer URL and a certificate cannot disagree.
 */
import type { Topology } from '../topology/topology.ts';

export const etcdPorts = { client: 2379, peer: 2380, metrics: 2381 } as const;
export const sharderPorts = { http: 5000, admin: 9090 } as const;
export const viewServerPort = 5100;
export const storageClassName = 'etcd-pd-ssd';
export const sharderEndpointName = 'sharder-endpoint';
export const sharderName = 'sharder';
/** Deployment, service, account, role and binding. */
export const viewServerName = 'view-server';

/** What a pod is for. */
export type Component = 'etcd' | 'sharder' | 'viewserver';

export type Labels = Record<string, string>;

/** What names depend on. */
type Named = Pick<Topology, 'name'>;

/** The labels that selectors match: they must never change, since Kubernetes does not let a StatefulSet's selector change. */
export function componentSelector(topology: Named, component: Component): Labels {
  return { 'app.kubernetes.io/instance': topology.name, 'app.kubernetes.io/component': component };
}

export function shardSelector(topology: Named, shard: number): Labels {
  return { ...componentSelector(topology, 'etcd'), 'vase/shard': String(shard) };
}

/** The labels that every object has besides those that its selectors match. */
export const commonLabels: Labels = {
  'app.kubernetes.io/name': 'vase',
  'app.kubernetes.io/managed-by': 'vase',
};

/** Also the name of the StatefulSet, of its headless service and of its budget. */
export function shardName(shard: number): string {
  return `etcd-${shard}`;
}

/** Each shard has its own token: a member that is sent to the wrong shard refuses to join it. */
export function clusterToken(topology: Named, shard: number): string {
  return `${topology.name}-${shardName(shard)}`;
}

export function clientServiceName(shard: number): string {
  return `etcd-client-${shard}`;
}

/** As many names as the topology has members for each shard. */
export function memberNames(topology: Pick<Topology, 'members'>, shard: number): string[] {
  return Array.from({ length: topology.members }, (_, index) => `${shardName(shard)}-${index}`);
}

/** A member's stable DNS name. `member` may be a placeholder that Kubernetes fills in. */
export function memberHost(topology: Named, shard: number, member: string): string {
  return `${member}.${shardName(shard)}.${topology.name}.svc`;
}

export function serviceHost(topology: Topology, service: string): string {
  return `${service}.${topology.name}.svc`;
}

/** Every name that leads to a service from inside the cluster, and those of the topology. */
export function hostNames(topology: Topology, service: string): string[] {
  const host = serviceHost(topology, service);
  return [service, `${service}.${topology.name}`, host, `${host}.cluster.local`, ...topology.http.hosts];
}

/** "host:port" for the member's clients, as the view names it. */
export function memberEndpoint(topology: Named, shard: number, member: string): string {
  return `${memberHost(topology, shard, member)}:${etcdPorts.client}`;
}

/** The client endpoints of a shard with the topology's number of members. */
export function memberEndpoints(topology: Topology, shard: number): string[] {
  return memberNames(topology, shard).map((member) => memberEndpoint(topology, shard, member));
}
