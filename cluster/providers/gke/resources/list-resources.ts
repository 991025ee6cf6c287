/** All that a cluster needs on Google Cloud, in the order in which it is made; deleting takes the reverse order. */
import { addressResource } from './address-resource.ts';
import { clusterResource } from './cluster-resource.ts';
import { apiResource, networkResources, nodeAccountResources } from './project-resources.ts';
import { registryResources } from './registry-resources.ts';
import type { CloudResource } from './resource.ts';
import type { Sizing } from './sizing.ts';
import type { GkeTarget } from './target.ts';

/** @param needs.etcdImage as the topology names it, before it is mirrored. */
export function listResources(
  target: GkeTarget,
  needs: { sizing: Sizing; etcdImage: string },
): CloudResource[] {
  return [
    apiResource(target),
    ...networkResources(target),
    ...nodeAccountResources(target),
    ...registryResources(target, needs.etcdImage),
    ...(target.exposure.kind === 'public' ? [addressResource(target)] : []),
    clusterResource(target, needs.sizing),
  ];
}
