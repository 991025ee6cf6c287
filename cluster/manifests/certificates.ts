/**
 * Mutual TLS: where each process finds its files, and which certificates the provider must make. The manifests name
 * secrets and hold none. Each shard's members trust only peers of their own authority, so that neither a sharder nor a
 * member of another shard can join the shard.
 */
import type { Volume, VolumeMount } from 'kubernetes-types/core/v1.d.ts';
import { shardIds, type Topology } from '../topology/topology.ts';
import { clientServiceName, memberHost, memberNames, serviceHost, shardName } from './names.ts';

/** Keys of a secret: the authority to trust, the certificate and its key, PEM; type kubernetes.io/tls. */
const certificateFiles = { authority: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' } as const;

export interface CertificateRequest {
  /** The secret to put it in, with the keys of `certificateFiles`. */
  secret: string;
  /** Name of the authority that signs the certificate, and whose certificate is the secret's ca.crt. */
  authority: string;
  commonName: string;
  /** In full, without wildcards: etcd looks up each name to see whether the calling peer has that address. */
  dnsNames: string[];
  ipAddresses: string[];
  usages: readonly ('server auth' | 'client auth')[];
}

const clientAuthority = 'vase-clients';
const both = ['server auth', 'client auth'] as const;

export const sharderSecret = 'sharder-tls';
export const viewServerSecret = 'view-server-tls';
/** What a guarded endpoint shows to its users; the provider knows its address. */
export const endpointSecret = 'sharder-endpoint-tls';
/** What users of a guarded endpoint have to send, under the key of the same name. */
export const tokenSecret = { name: 'sharder-token', key: 'token' } as const;
export const serverSecret = (shard: number) => `${shardName(shard)}-server-tls`;
export const peerSecret = (shard: number) => `${shardName(shard)}-peer-tls`;

/** The certificates of a cluster with TLS, in a fixed order. */
export function certificateRequests(topology: Topology): CertificateRequest[] {
  const client = (secret: string, commonName: string): CertificateRequest => ({
    secret,
    authority: clientAuthority,
    commonName,
    dnsNames: [],
    ipAddresses: [],
    usages: ['client auth'],
  });
  return [
    ...shardIds(topology).flatMap((shard) => shardCertificates(topology, shard)),
    client(sharderSecret, 'sharder'),
    ...(topology.viewServers > 0 ? [client(viewServerSecret, 'view-server')] : []),
  ];
}

function shardCertificates(topology: Topology, shard: number): CertificateRequest[] {
  const members = memberNames(topology, shard).map((member) => memberHost(topology, shard, member));
  const server: CertificateRequest = {
    secret: serverSecret(shard),
    authority: clientAuthority,
    commonName: `${shardName(shard)}-server`,
    dnsNames: [...members, serviceHost(topology, clientServiceName(shard)), 'localhost'],
    ipAddresses: ['127.0.0.1'],
    // It is a client, too: etcd's own JSON gateway calls etcd with the server's certificate.
    usages: both,
  };
  const peer: CertificateRequest = {
    secret: peerSecret(shard),
    authority: `vase-peers-${shardName(shard)}`,
    commonName: `${shardName(shard)}-peer`,
    dnsNames: members,
    ipAddresses: [],
    usages: both,
  };
  return [server, peer];
}

/** Where a secret's files appear in a container. */
export function certificatePaths(folder: string): { authority: string; certificate: string; key: string } {
  return {
    authority: `${folder}/${certificateFiles.authority}`,
    certificate: `${folder}/${certificateFiles.certificate}`,
    key: `${folder}/${certificateFiles.key}`,
  };
}

export function certificateVolume(name: string, secretName: string): Volume {
  // 0440 through the pod's group: readable for the process, for nobody else.
  return { name, secret: { secretName, defaultMode: 0o440 } };
}

export function certificateMount(name: string, mountPath: string): VolumeMount {
  return { name, mountPath, readOnly: true };
}
