/**
 * The allow-list: every place where the renderings of one topology for kind and for GKE may differ, and why. A test
 * compares the two and fails on any other difference.
 *
 * A path names fields from the object's root, with dots; items of a list are named by their `name`, arguments by their
 * flag, and `*` stands for any one of them. A path covers everything below it.
 */
export interface AllowedDifference {
  kind: string;
  /** Name of the object; without it, every object of the kind. */
  name?: string;
  path: string;
  because: string;
}

const ssd = 'GKE has persistent disks, kind has folders of the node';
const size = 'a laptop has two cores for everything';
const tls =
  'mutual TLS is on by default on GKE, off in kind; a topology that says tls removes the difference';
const opener = 'Kubernetes does not apply fsGroup to folders of the node, so a first container opens them';
const images = 'each cluster has its own registry';

export const allowedDifferences: readonly AllowedDifference[] = [
  { kind: 'StorageClass', path: 'provisioner', because: ssd },
  { kind: 'StorageClass', path: 'parameters', because: ssd },
  { kind: 'Service', name: 'sharder-endpoint', path: 'spec.type', because: 'kind has no load balancer' },
  {
    kind: 'Service',
    name: 'sharder-endpoint',
    path: 'spec.ports.http.nodePort',
    because: 'kind maps this port of its node to the laptop',
  },
  {
    kind: 'Service',
    name: 'sharder-endpoint',
    path: 'metadata.annotations',
    because: 'GKE is told to make the load balancer an internal one',
  },
  { kind: 'Service', name: 'view-server', path: 'spec.type', because: 'kind maps a port of its node' },
  {
    kind: 'Service',
    name: 'view-server',
    path: 'spec.ports.http.nodePort',
    because: 'kind maps this port of its node to the laptop',
  },
  {
    kind: 'NetworkPolicy',
    name: 'view-server',
    path: 'spec.ingress',
    because: "the port of kind's node leads to it",
  },
  {
    kind: 'Deployment',
    path: 'spec.template.spec.containers.view-server.env.VASE_OVERLAY',
    because: 'the shards that it makes are those of its own overlay',
  },
  {
    kind: 'Deployment',
    path: 'spec.template.spec.containers.view-server.env.VASE_TOPOLOGY',
    because: 'each cluster has its own registry, and the shards that it makes their images',
  },
  { kind: 'Deployment', path: 'spec.template.spec.containers.view-server.resources', because: size },
  { kind: 'Deployment', path: 'spec.template.spec.containers.view-server.image', because: images },
  { kind: 'Deployment', path: 'spec.template.spec.containers.view-server.volumeMounts.tls', because: tls },
  { kind: 'StatefulSet', path: 'spec.template.spec.containers.etcd.resources', because: size },
  { kind: 'Deployment', path: 'spec.template.spec.containers.sharder.resources', because: size },
  { kind: 'StatefulSet', path: 'spec.template.spec.containers.etcd.image', because: images },
  { kind: 'Deployment', path: 'spec.template.spec.containers.sharder.image', because: images },
  { kind: 'StatefulSet', path: 'spec.template.spec.initContainers.open-volume', because: opener },
  {
    kind: 'StatefulSet',
    path: 'spec.template.spec.initContainers.volume-guard.image',
    because: 'nodes on GKE do not reach the base image; in kind a new image of Vase must not restart members',
  },
  {
    kind: 'Namespace',
    path: 'metadata.labels.pod-security.kubernetes.io/enforce',
    because: `${opener}, as root, which the restricted standard forbids`,
  },
  ...[
    '--listen-client-urls',
    '--advertise-client-urls',
    '--listen-peer-urls',
    '--initial-advertise-peer-urls',
    '--trusted-ca-file',
    '--cert-file',
    '--key-file',
    '--client-cert-auth',
    '--peer-trusted-ca-file',
    '--peer-cert-file',
    '--peer-key-file',
    '--peer-client-cert-auth',
  ].map((flag) => ({
    kind: 'StatefulSet',
    path: `spec.template.spec.containers.etcd.args.${flag}`,
    because: tls,
  })),
  { kind: 'ConfigMap', path: 'data.initial-cluster', because: tls },
  ...['server-tls', 'peer-tls'].flatMap((volume) => [
    { kind: 'StatefulSet', path: `spec.template.spec.volumes.${volume}`, because: tls },
    { kind: 'StatefulSet', path: `spec.template.spec.containers.etcd.volumeMounts.${volume}`, because: tls },
  ]),
  { kind: 'Deployment', path: 'spec.template.spec.volumes.tls', because: tls },
  { kind: 'Deployment', path: 'spec.template.spec.containers.sharder.volumeMounts.tls', because: tls },
  ...['VASE_TLS_CA', 'VASE_TLS_CERT', 'VASE_TLS_KEY'].flatMap((variable) =>
    ['sharder', 'view-server'].map((container) => ({
      kind: 'Deployment',
      path: `spec.template.spec.containers.${container}.env.${variable}`,
      because: tls,
    })),
  ),
];
