/** One shard: its StatefulSet, the members that they start with, the two services that name them, and its disruption budget. */
import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, PersistentVolumeClaim, PodSpec, Service } from 'kubernetes-types/core/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import type { Topology } from '../topology/topology.ts';
import { certificateMount, certificateVolume, peerSecret, serverSecret } from './certificates.ts';
import { containerResources } from './container-resources.ts';
import {
  etcdArguments,
  etcdVolumePath,
  peerCertificateFolder,
  serverCertificateFolder,
} from './etcd-arguments.ts';
import { etcdCapabilities } from './etcd-capabilities.ts';
import { etcdProbes } from './etcd-probes.ts';
import {
  clientServiceName,
  commonLabels,
  componentSelector,
  etcdPorts,
  shardName,
  shardSelector,
  storageClassName,
} from './names.ts';
import { usesTls, type Blueprint } from './overlay.ts';
import { memberPlacement } from './placement.ts';
import { containerPort, servicePort } from './ports.ts';
import { containerSecurity, podIsolation, podSecurity } from './pod-security.ts';
import { initialClusterObject, initialClusterVariable, membersOf } from './shard-addresses.ts';
import { clusterStateVariable } from './shard-identity.ts';
import type { KubernetesObject } from './validate-object.ts';
import { volumeGuard, volumeGuardVolume } from './volume-guard.ts';

const volumeName = 'data';

export function shardObjects(
  blueprint: Blueprint,
  shard: number,
): (StatefulSet | Service | PodDisruptionBudget | KubernetesObject)[] {
  const { topology } = blueprint;
  return [
    initialClusterObject(blueprint, shard),
    headlessService(topology, shard),
    clientService(topology, shard),
    budget(topology, shard),
    statefulSet(blueprint, shard),
  ];
}

function metadata(topology: Topology, shard: number, name: string) {
  return { name, namespace: topology.name, labels: shardLabels(topology, shard) };
}

function shardLabels(topology: Topology, shard: number) {
  return { ...commonLabels, ...shardSelector(topology, shard) };
}

function statefulSet(blueprint: Blueprint, shard: number): StatefulSet {
  const { topology } = blueprint;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(topology, shard, shardName(shard)),
    spec: {
      serviceName: shardName(shard),
      replicas: membersOf(blueprint, shard).names.length,
      // All members at once: the first cannot become ready alone, since it needs a quorum.
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 3,
      selector: { matchLabels: shardSelector(topology, shard) },
      template: {
        metadata: { labels: shardLabels(topology, shard) },
        spec: podSpec(blueprint, shard),
      },
      volumeClaimTemplates: [volumeClaim(topology, shard)],
    },
  };
}

function podSpec(blueprint: Blueprint, shard: number): PodSpec {
  const { topology, overlay } = blueprint;
  const secrets = [
    certificateVolume('server-tls', serverSecret(shard)),
    certificateVolume('peer-tls', peerSecret(shard)),
  ];
  return {
    ...podIsolation,
    securityContext: podSecurity,
    terminationGracePeriodSeconds: 30,
    ...memberPlacement(shardSelector(topology, shard), componentSelector(topology, 'etcd')),
    initContainers: [
      ...(overlay.volumesAreNodeFolders ? [volumeOpener(blueprint)] : []),
      volumeGuard(blueprint, { shard, volume: volumeName, mountPath: etcdVolumePath }),
    ],
    containers: [etcdContainer(blueprint, shard)],
    volumes: [volumeGuardVolume(shard), ...(usesTls(blueprint) ? secrets : [])],
  };
}

function etcdContainer(blueprint: Blueprint, shard: number): Container {
  const { topology, overlay } = blueprint;
  const certificates = [
    certificateMount('server-tls', serverCertificateFolder),
    certificateMount('peer-tls', peerCertificateFolder),
  ];
  return {
    name: 'etcd',
    image: topology.images.etcd,
    imagePullPolicy: 'IfNotPresent',
    // The path is the same in the images of etcd's own project, of Kubernetes and of this machine; none needs a shell.
    command: ['/usr/local/bin/etcd'],
    args: etcdArguments(blueprint, shard),
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      initialClusterVariable(shard),
      clusterStateVariable(shard),
    ],
    ports: [
      containerPort('client', etcdPorts.client),
      containerPort('peer', etcdPorts.peer),
      containerPort('metrics', etcdPorts.metrics),
    ],
    resources: containerResources(overlay.requests.etcd, topology.resources.etcd),
    ...etcdProbes(etcdCapabilities(topology.images.etcd)),
    securityContext: containerSecurity,
    volumeMounts: [
      { name: volumeName, mountPath: etcdVolumePath },
      ...(usesTls(blueprint) ? certificates : []),
    ],
  };
}

/**
 * Makes a volume that is a folder of the node writable for etcd's user, as local-path's own helper does. It runs as root
 * without any capability: root owns the folder, and that alone allows to change its mode. It runs in the base image,
 * since a new image of Vase must not restart the members.
 */
function volumeOpener({ topology, overlay }: Blueprint): Container {
  return {
    name: 'open-volume',
    image: topology.images.base,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '--eval', `require('node:fs').chmodSync('${etcdVolumePath}', 0o777)`],
    resources: containerResources(overlay.requests.firstContainer, { cpu: null, memory: null }),
    securityContext: { ...containerSecurity, runAsNonRoot: false, runAsUser: 0 },
    volumeMounts: [{ name: volumeName, mountPath: etcdVolumePath }],
  };
}

function volumeClaim(topology: Topology, shard: number): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: volumeName, labels: shardLabels(topology, shard) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      resources: { requests: { storage: topology.etcd.volume } },
    },
  };
}

/** Gives each member its name. Members are published before they are ready: they must find each other to become ready. */
function headlessService(topology: Topology, shard: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(topology, shard, shardName(shard)),
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: shardSelector(topology, shard),
      ports: [
        servicePort('client', etcdPorts.client),
        servicePort('peer', etcdPorts.peer),
        servicePort('metrics', etcdPorts.metrics),
      ],
    },
  };
}

/** The ready members under one address, inside the cluster only. */
function clientService(topology: Topology, shard: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(topology, shard, clientServiceName(shard)),
    spec: {
      type: 'ClusterIP',
      selector: shardSelector(topology, shard),
      ports: [servicePort('client', etcdPorts.client)],
    },
  };
}

/** At most one member of a shard at a time may be evicted: a shard of three keeps its quorum. */
function budget(topology: Topology, shard: number): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(topology, shard, shardName(shard)),
    spec: { maxUnavailable: 1, selector: { matchLabels: shardSelector(topology, shard) } },
  };
}
