/**
 * The view server: Deployment, service, and its rights in Kubernetes: a role in its own namespace lets it make and delete
 * a shard's objects and scale the sharders, and nothing else. It may not read secrets, and may start pods only through a
 * StatefulSet.
 */
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, EnvVar, Probe, Service, ServiceAccount } from 'kubernetes-types/core/v1.d.ts';
import type { PolicyRule, Role, RoleBinding } from 'kubernetes-types/rbac/v1.d.ts';
import type { Topology } from '../topology/topology.ts';
import { certificateMount, certificatePaths, certificateVolume, viewServerSecret } from './certificates.ts';
import { containerResources } from './container-resources.ts';
import {
  commonLabels,
  componentSelector,
  hostNames,
  sharderName,
  viewServerName,
  viewServerPort,
} from './names.ts';
import { usesTls, type Blueprint } from './overlay.ts';
import { sharderPlacement } from './placement.ts';
import { homeVariable } from './shard-addresses.ts';
import { containerPort, servicePort } from './ports.ts';
import { containerSecurity, podIsolation, podSecurity } from './pod-security.ts';

/** The least time from "stopping" to the close of the port: every node must stop sending requests to the pod. */
const drainMs = 3000;
const certificateFolder = '/etc/vase/tls';

export function viewServerObjects(
  blueprint: Blueprint,
): (ServiceAccount | Role | RoleBinding | Service | Deployment)[] {
  const { topology } = blueprint;
  return [account(topology), role(topology), binding(topology), service(blueprint), deployment(blueprint)];
}

function metadata(topology: Topology) {
  return { name: viewServerName, namespace: topology.name, labels: labels(topology) };
}

const selector = (topology: Topology) => componentSelector(topology, 'viewserver');
const labels = (topology: Topology) => ({ ...commonLabels, ...selector(topology) });

function account(topology: Topology): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadata(topology),
    automountServiceAccountToken: false,
  };
}

const look = ['get', 'list', 'watch'];
const make = [...look, 'create', 'patch', 'delete'];
const rbac = 'rbac.authorization.k8s.io';

/** The rights to a shard's objects, to its volumes' claims, which its StatefulSet makes, and to the number of sharders. */
const rules: PolicyRule[] = [
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: make },
  { apiGroups: [''], resources: ['services'], verbs: make },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: make },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: make },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: [...look, 'delete'] },
  // A shard's first members. The names cannot be listed here: later shards are not known yet.
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch', 'delete'] },
  // A wait reads these, to say why it takes long.
  { apiGroups: [''], resources: ['pods', 'events'], verbs: look },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: look },
  {
    apiGroups: ['apps'],
    resources: ['deployments/scale'],
    resourceNames: [sharderName],
    verbs: ['get', 'update'],
  },
];

function role(topology: Topology): Role {
  return { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: metadata(topology), rules };
}

function binding(topology: Topology): RoleBinding {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: metadata(topology),
    roleRef: { apiGroup: rbac, kind: 'Role', name: viewServerName },
    subjects: [{ kind: 'ServiceAccount', name: viewServerName, namespace: topology.name }],
  };
}

function service({ topology, overlay: { viewEndpoint } }: Blueprint): Service {
  const nodePort = viewEndpoint.type === 'NodePort' ? { nodePort: viewEndpoint.nodePort } : {};
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(topology),
    spec: {
      type: viewEndpoint.type,
      selector: selector(topology),
      ports: [{ ...servicePort('http', viewServerPort), ...nodePort }],
    },
  };
}

function deployment(blueprint: Blueprint): Deployment {
  const { topology } = blueprint;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(topology),
    spec: {
      replicas: topology.viewServers,
      selector: { matchLabels: selector(topology) },
      revisionHistoryLimit: 3,
      template: {
        metadata: { labels: labels(topology) },
        spec: {
          ...podIsolation,
          serviceAccountName: viewServerName,
          automountServiceAccountToken: true,
          securityContext: podSecurity,
          // On SIGTERM it has 4 s to give the lease back, and 3 s more to end the requests under way.
          terminationGracePeriodSeconds: 15,
          ...sharderPlacement(selector(topology)),
          containers: [container(blueprint)],
          ...(usesTls(blueprint) ? { volumes: [certificateVolume('tls', viewServerSecret)] } : {}),
        },
      },
    },
  };
}

function container(blueprint: Blueprint): Container {
  const { topology, overlay } = blueprint;
  const tls = usesTls(blueprint);
  return {
    name: viewServerName,
    image: topology.images.vase,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '--disable-warning=ExperimentalWarning', 'cluster/viewserver/main.ts'],
    env: environment(blueprint),
    ports: [containerPort('http', viewServerPort)],
    resources: containerResources(overlay.requests.viewServer, { cpu: null, memory: null }),
    startupProbe: probe('/livez', { periodSeconds: 1, failureThreshold: 60 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }),
    readinessProbe: probe('/readyz', { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 }),
    securityContext: containerSecurity,
    ...(tls ? { volumeMounts: [certificateMount('tls', certificateFolder)] } : {}),
  };
}

function environment(blueprint: Blueprint): EnvVar[] {
  const { topology, overlay } = blueprint;
  const files = certificatePaths(certificateFolder);
  return [
    { name: 'VASE_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'VASE_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'VASE_HOST', value: '0.0.0.0' },
    { name: 'VASE_PORT', value: String(viewServerPort) },
    { name: 'VASE_ADVERTISE', value: `$(VASE_POD_IP):${viewServerPort}` },
    { name: 'VASE_HOSTS', value: hostNames(topology, viewServerName).join(',') },
    homeVariable(),
    { name: 'VASE_DRAIN_MS', value: String(drainMs) },
    { name: 'VASE_FLEET', value: 'kubernetes' },
    { name: 'VASE_OVERLAY', value: overlay.name },
    // The view server makes later shards from this.
    { name: 'VASE_TOPOLOGY', value: JSON.stringify(topology) },
    { name: 'VASE_KEYS_PER_SECOND', value: String(topology.moves.keysPerSecond) },
    { name: 'VASE_AUTOSCALING', value: JSON.stringify(topology.autoscaling.shards) },
    { name: 'VASE_SHARDER_CPU', value: topology.resources.sharder.cpu ?? '' },
    ...(usesTls(blueprint)
      ? [
          { name: 'VASE_TLS_CA', value: files.authority },
          { name: 'VASE_TLS_CERT', value: files.certificate },
          { name: 'VASE_TLS_KEY', value: files.key },
        ]
      : []),
  ];
}

function probe(path: string, timing: Omit<Probe, 'httpGet'>): Probe {
  return { httpGet: { path, port: 'http' }, ...timing };
}
