/**
 * Who may speak to whom. The namespace's pods accept only the connections named here: users reach sharders, sharders and
 * the view server reach etcd's client port, members reach the peers of their own shard, and only the view server reads
 * metrics. The connections that etcd and sharders may open are limited to the same.
 */
import type {
  NetworkPolicy,
  NetworkPolicyEgressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from 'kubernetes-types/networking/v1.d.ts';
import { shardIds, type Topology } from '../topology/topology.ts';
import type { Blueprint } from './overlay.ts';
import {
  commonLabels,
  componentSelector,
  etcdPorts,
  shardName,
  shardSelector,
  sharderName,
  sharderPorts,
  viewServerName,
  viewServerPort,
  type Component,
  type Labels,
} from './names.ts';

export function networkPolicies(blueprint: Blueprint): NetworkPolicy[] {
  const { topology } = blueprint;
  return [
    policy(topology, 'default-deny', { podSelector: {}, policyTypes: ['Ingress'] }),
    ...shardIds(topology).map((shard) => shardPolicy(topology, shard)),
    sharderPolicy(topology),
    ...(topology.viewServers > 0 ? [viewServerPolicy(blueprint)] : []),
  ];
}

function policy(topology: Topology, name: string, spec: NetworkPolicySpec): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: topology.name, labels: commonLabels },
    spec,
  };
}

function shardPolicy(topology: Topology, shard: number): NetworkPolicy {
  const members = shardSelector(topology, shard);
  const peers = [pods(members)];
  return policy(topology, shardName(shard), {
    podSelector: { matchLabels: members },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      { from: components(topology, 'sharder', 'viewserver'), ports: [tcp(etcdPorts.client)] },
      { from: peers, ports: [tcp(etcdPorts.peer)] },
      { from: components(topology, 'viewserver'), ports: [tcp(etcdPorts.metrics)] },
    ],
    egress: [{ to: peers, ports: [tcp(etcdPorts.peer)] }, names],
  });
}

function sharderPolicy(topology: Topology): NetworkPolicy {
  return policy(topology, sharderName, {
    podSelector: { matchLabels: componentSelector(topology, 'sharder') },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      { ports: [tcp(sharderPorts.http)] },
      { from: components(topology, 'viewserver'), ports: [tcp(sharderPorts.admin)] },
    ],
    egress: [{ to: components(topology, 'etcd'), ports: [tcp(etcdPorts.client)] }, names],
  });
}

/** It may change the cluster, so only view servers may call it; on kind, also everyone who can reach the node's port. */
function viewServerPolicy({ topology, overlay }: Blueprint): NetworkPolicy {
  const peers = components(topology, 'viewserver');
  const isPublic = overlay.viewEndpoint.type === 'NodePort';
  return policy(topology, viewServerName, {
    podSelector: { matchLabels: componentSelector(topology, 'viewserver') },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ...(isPublic ? {} : { from: peers }), ports: [tcp(viewServerPort)] }],
    egress: [
      { to: peers, ports: [tcp(viewServerPort)] },
      { to: components(topology, 'etcd'), ports: [tcp(etcdPorts.client), tcp(etcdPorts.metrics)] },
      { to: components(topology, 'sharder'), ports: [tcp(sharderPorts.admin)] },
      // Kubernetes' own API, wherever it is: its service, and the address behind the service.
      { ports: kubernetesPorts.map(tcp) },
      names,
    ],
  });
}

/** Name look-ups, wherever the cluster's name server is: kube-dns, or a cache on the node. */
const names: NetworkPolicyEgressRule = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

function components(topology: Topology, ...list: Component[]): NetworkPolicyPeer[] {
  return list.map((component) => pods(componentSelector(topology, component)));
}

const kubernetesPorts = [443, 6443] as const;
const pods = (matchLabels: Labels): NetworkPolicyPeer => ({ podSelector: { matchLabels } });
const tcp = (port: number): NetworkPolicyPort => ({ protocol: 'TCP', port });
