/**
 * The command line of a member in a pod. All members of a shard have the same: Kubernetes puts the pod's name in for
 * $(POD_NAME), without a shell. A variable holds the members that it starts with (shard-addresses.ts). The settings other
 * than addresses and files agree with the local provider's members.
 */
import { asFlags, etcdSettings, etcdSettingsWhereKnown } from '../topology/etcd-settings.ts';
import type { Topology } from '../topology/topology.ts';
import { certificatePaths } from './certificates.ts';
import { etcdCapabilities } from './etcd-capabilities.ts';
import { clusterToken, etcdPorts, memberHost } from './names.ts';
import { usesTls, type Blueprint } from './overlay.ts';

/** Where the volume is mounted. */
export const etcdVolumePath = '/var/lib/etcd';
export const serverCertificateFolder = '/etc/etcd/server';
export const peerCertificateFolder = '/etc/etcd/peer';

export function etcdArguments(blueprint: Blueprint, shard: number): string[] {
  const { topology } = blueprint;
  const tls = usesTls(blueprint);
  const { initialCorruptCheck } = etcdCapabilities(topology.images.etcd);
  return [
    ...addressArguments(topology, shard, tls ? 'https' : 'http'),
    ...asFlags({ ...etcdSettings(topology.etcd), ...etcdSettingsWhereKnown }),
    ...(initialCorruptCheck === null ? [] : [initialCorruptCheck]),
    ...(tls ? tlsArguments() : []),
  ];
}

function addressArguments(topology: Topology, shard: number, scheme: 'http' | 'https'): string[] {
  const self = '$(POD_NAME)';
  const host = memberHost(topology, shard, self);
  return [
    `--name=${self}`,
    // A folder below the mount: etcd wants its folder closed to others, and may not change the mode of the mount.
    `--data-dir=${etcdVolumePath}/data`,
    `--listen-client-urls=${scheme}://0.0.0.0:${etcdPorts.client}`,
    `--advertise-client-urls=${scheme}://${host}:${etcdPorts.client}`,
    `--listen-peer-urls=${scheme}://0.0.0.0:${etcdPorts.peer}`,
    `--initial-advertise-peer-urls=${scheme}://${host}:${etcdPorts.peer}`,
    `--listen-metrics-urls=http://0.0.0.0:${etcdPorts.metrics}`,
    `--initial-cluster-token=${clusterToken(topology, shard)}`,
  ];
}

function tlsArguments(): string[] {
  const server = certificatePaths(serverCertificateFolder);
  const peer = certificatePaths(peerCertificateFolder);
  return [
    `--trusted-ca-file=${server.authority}`,
    `--cert-file=${server.certificate}`,
    `--key-file=${server.key}`,
    '--client-cert-auth=true',
    `--peer-trusted-ca-file=${peer.authority}`,
    `--peer-cert-file=${peer.certificate}`,
    `--peer-key-file=${peer.key}`,
    '--peer-client-cert-auth=true',
  ];
}
