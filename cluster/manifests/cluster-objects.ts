/** The objects that shards and sharders need first: the namespace and the storage class. */
import type { Namespace } from 'kubernetes-types/core/v1.d.ts';
import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import { commonLabels, storageClassName } from './names.ts';
import type { Blueprint } from './overlay.ts';

export function namespaceObject({ topology, overlay }: Blueprint): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: topology.name,
      labels: { ...commonLabels, 'pod-security.kubernetes.io/enforce': overlay.podSecurity },
    },
  };
}

/** Has GKE's name everywhere, so that volume claims are the same. Volumes outlive their claims: data are not deleted. */
export function storageClass({ overlay }: Blueprint): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: storageClassName, labels: commonLabels },
    ...overlay.storage,
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  };
}
