/** Applies all objects of a cluster on the server's side, in order, and says which of them that changed. */
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import type { ObjectGroup } from '../../manifests/object-groups.ts';

export interface Applied {
  count: number;
  /** "Service etcd-1": new ones, and those that are now otherwise than before. */
  changed: string[];
}

/**
 * Applying what is there already changes nothing. Groups come one after the other, since later ones need earlier ones;
 * the objects of a group come at once.
 * @throws KubernetesRefusal for an object that the server does not take.
 */
export async function applyObjects(
  client: KubernetesClient,
  groups: readonly ObjectGroup[],
  { signal }: { signal: AbortSignal },
): Promise<Applied> {
  const changed: string[] = [];
  let count = 0;
  for (const { objects } of groups) {
    signal.throwIfAborted();
    const changes = await Promise.all(objects.map((object) => applyObject(client, object)));
    count += objects.length;
    for (const [index, { kind, metadata }] of objects.entries())
      if (changes[index]) changed.push(`${kind} ${metadata.name}`);
  }
  return { count, changed };
}

/** Whether it changed: the server gives an object a new version only when something in it is new. */
async function applyObject(client: KubernetesClient, object: ApiObject): Promise<boolean> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const before = await client.read({
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  });
  const after = await client.apply(object);
  // A generation counts changes of the specification; the version also changes with every word of the status.
  if (before === null) return true;
  if (after.metadata.generation !== undefined)
    return after.metadata.generation !== before.metadata.generation;
  return after.metadata.resourceVersion !== before.metadata.resourceVersion;
}
