/**
 * The sharders: where they find the view, their Deployment, the service that users reach, autoscaler and disruption budget.
 * The Deployment sets no number of replicas, because the autoscaler sets it: applied again, a number would shrink a grown
 * cluster.
 */
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import type {
  Container,
  EnvVar,
  PodSpec,
  Probe,
  Service,
  Volume,
  VolumeMount,
} from 'kubernetes-types/core/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { byteCount } from '../topology/quantity.ts';
import type { Topology } from '../topology/topology.ts';
import {
  certificateMount,
  certificatePaths,
  certificateVolume,
  endpointSecret,
  sharderSecret,
  tokenSecret,
} from './certificates.ts';
import { containerResources } from './container-resources.ts';
import {
  commonLabels,
  componentSelector,
  hostNames,
  sharderEndpointName,
  sharderName,
  sharderPorts,
} from './names.ts';
import { usesTls, type Blueprint } from './overlay.ts';
import { addressesObject, homeVariable, mirrorsVariable } from './shard-addresses.ts';
import type { KubernetesObject } from './validate-object.ts';
import { sharderPlacement } from './placement.ts';
import { containerPort, servicePort } from './ports.ts';
import { containerSecurity, podIsolation, podSecurity } from './pod-security.ts';
import { sharderAllocator, sharderNodeFlags } from '../../sharder/node-flags.ts';

/** From "stopping" to the close of the port: every node must have time to stop sending requests to the pod. */
const drainMs = 5000;
const certificateFolder = '/etc/vase/tls';
const endpointFolder = '/etc/vase/endpoint';
const tokenFolder = '/etc/vase/token';

export function sharderObjects(
  blueprint: Blueprint,
): (Deployment | Service | HorizontalPodAutoscaler | PodDisruptionBudget | KubernetesObject)[] {
  const { topology } = blueprint;
  return [
    addressesObject(blueprint),
    endpoint(blueprint),
    budget(topology),
    deployment(blueprint),
    autoscaler(topology),
  ];
}

function metadata(topology: Topology, name: string) {
  return { name, namespace: topology.name, labels: labels(topology) };
}

const selector = (topology: Topology) => componentSelector(topology, 'sharder');
const labels = (topology: Topology) => ({ ...commonLabels, ...selector(topology) });

function deployment(blueprint: Blueprint): Deployment {
  const { topology } = blueprint;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(topology, sharderName),
    spec: {
      selector: { matchLabels: selector(topology) },
      revisionHistoryLimit: 3,
      // A new sharder is ready before an old one is stopped.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template: { metadata: podMetadata(blueprint), spec: podSpec(blueprint) },
    },
  };
}

function podMetadata({ topology, overlay: { secretsMark } }: Blueprint) {
  const marks = secretsMark === undefined ? {} : { annotations: { 'vase/secrets': secretsMark } };
  return { labels: labels(topology), ...marks };
}

function podSpec(blueprint: Blueprint): PodSpec {
  const volumes = secretVolumes(blueprint);
  return {
    ...podIsolation,
    securityContext: podSecurity,
    // On SIGTERM a sharder becomes unready, takes connections for the time above, and gives the requests under way 10 s to end.
    terminationGracePeriodSeconds: 30,
    ...sharderPlacement(selector(blueprint.topology)),
    containers: [sharderContainer(blueprint)],
    ...(volumes.length > 0 ? { volumes } : {}),
  };
}

function secretVolumes(blueprint: Blueprint): Volume[] {
  return [
    ...(usesTls(blueprint) ? [certificateVolume('tls', sharderSecret)] : []),
    ...(blueprint.overlay.guarded === true
      ? [certificateVolume('endpoint', endpointSecret), certificateVolume('token', tokenSecret.name)]
      : []),
  ];
}

function secretMounts(blueprint: Blueprint): VolumeMount[] {
  return [
    ...(usesTls(blueprint) ? [certificateMount('tls', certificateFolder)] : []),
    ...(blueprint.overlay.guarded === true
      ? [certificateMount('endpoint', endpointFolder), certificateMount('token', tokenFolder)]
      : []),
  ];
}

function sharderContainer(blueprint: Blueprint): Container {
  const { topology, overlay } = blueprint;
  const volumeMounts = secretMounts(blueprint);
  return {
    name: 'sharder',
    image: topology.images.vase,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', ...sharderNodeFlags, 'sharder/main.ts'],
    env: environment(blueprint),
    ports: [containerPort('http', sharderPorts.http), containerPort('admin', sharderPorts.admin)],
    resources: containerResources(overlay.requests.sharder, topology.resources.sharder),
    startupProbe: probe('/livez', { periodSeconds: 1, failureThreshold: 60 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }),
    readinessProbe: probe('/readyz', { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 }),
    securityContext: containerSecurity,
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  };
}

function environment(blueprint: Blueprint): EnvVar[] {
  const { topology, overlay } = blueprint;
  const files = certificatePaths(certificateFolder);
  const endpointFiles = certificatePaths(endpointFolder);
  return [
    { name: 'VASE_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...Object.entries(sharderAllocator).map(([name, value]) => ({ name, value })),
    { name: 'VASE_HOST', value: '0.0.0.0' },
    { name: 'VASE_PORT', value: String(sharderPorts.http) },
    { name: 'VASE_ADMIN_PORT', value: String(sharderPorts.admin) },
    { name: 'VASE_HOSTS', value: hostNames(topology, sharderEndpointName).join(',') },
    homeVariable(),
    ...mirrorsVariable(topology),
    { name: 'VASE_MAX_TXN_OPS', value: String(topology.etcd.maxTxnOps) },
    { name: 'VASE_QUOTA_BYTES', value: String(byteCount(topology.etcd.quota)) },
    { name: 'VASE_DRAIN_MS', value: String(drainMs) },
    ...(usesTls(blueprint)
      ? [
          { name: 'VASE_TLS_CA', value: files.authority },
          { name: 'VASE_TLS_CERT', value: files.certificate },
          { name: 'VASE_TLS_KEY', value: files.key },
        ]
      : []),
    ...(overlay.guarded === true
      ? [
          { name: 'VASE_HTTPS_CERT', value: endpointFiles.certificate },
          { name: 'VASE_HTTPS_KEY', value: endpointFiles.key },
          { name: 'VASE_TOKEN_FILE', value: `${tokenFolder}/${tokenSecret.key}` },
        ]
      : []),
  ];
}

function probe(path: string, timing: Omit<Probe, 'httpGet'>): Probe {
  return { httpGet: { path, port: 'admin' }, ...timing };
}

function endpoint({ topology, overlay }: Blueprint): Service {
  const { endpoint: outside } = overlay;
  const annotations = outside.type === 'LoadBalancer' ? { annotations: outside.annotations } : {};
  const nodePort = outside.type === 'NodePort' ? { nodePort: outside.nodePort } : {};
  const ranges =
    outside.type === 'LoadBalancer' && outside.ranges !== undefined
      ? { loadBalancerSourceRanges: [...outside.ranges] }
      : {};
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata(topology, sharderEndpointName), ...annotations },
    spec: {
      type: outside.type,
      selector: selector(topology),
      ports: [{ ...servicePort('http', sharderPorts.http), ...nodePort }],
      ...ranges,
    },
  };
}

function autoscaler(topology: Topology): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(topology, sharderName),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: sharderName },
      minReplicas: topology.sharders,
      maxReplicas: Math.max(topology.sharders, topology.autoscaling.shardersMax),
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: topology.autoscaling.cpuPercent },
          },
        },
      ],
    },
  };
}

function budget(topology: Topology): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(topology, sharderName),
    spec: { maxUnavailable: 1, selector: { matchLabels: selector(topology) } },
  };
}
