/**
 * What is applied to a cluster on GKE: the same generator and topology as everywhere, with images that the nodes can
 * reach and, for a public endpoint, its address, the ranges that may connect, and the secrets of its sharders.
 */
import { overlays, type Blueprint } from '../../manifests/overlay.ts';
import type { Topology } from '../../topology/topology.ts';
import { mirroredImage } from './resources/registry-resources.ts';
import { type GkeTarget, namesOf } from './resources/target.ts';

export interface BlueprintParts {
  topology: Topology;
  /** Vase's image: by digest where it is known. */
  image: string;
  /** Changes with every secret that sharders read only at start; null where it is not known. */
  secretsMark: string | null;
}

export function gkeBlueprint(target: GkeTarget, { topology, image, secretsMark }: BlueprintParts): Blueprint {
  const etcd = mirroredImage(target, topology.images.etcd);
  return {
    topology: { ...topology, images: { ...topology.images, vase: image, etcd } },
    overlay: {
      ...overlays.gke,
      ...(target.exposure.kind === 'public' ? publicEndpoint(target, target.exposure.ranges) : {}),
      ...(secretsMark === null ? {} : { secretsMark }),
    },
  };
}

function publicEndpoint(target: GkeTarget, ranges: readonly string[]) {
  return {
    endpoint: {
      type: 'LoadBalancer' as const,
      annotations: {
        'cloud.google.com/l4-rbs': 'enabled',
        'networking.gke.io/load-balancer-ip-addresses': namesOf(target).address,
      },
      ranges: [...ranges],
    },
    guarded: true,
  };
}
