/** Applies all objects of a cluster with server-side apply, in order, and returns which of them changed. */
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import type { ObjectGroup } from '../../manifests/object-groups.ts';

export interface Applied {
  count: number;
  /** "Service etcd-1": new objects, and objects that differ from before. */
  changed: string[];
}

/**
 * Applying an unchanged object changes nothing. Groups are applied one after the other, since later ones need earlier ones;
 * the objects of a group are applied at once.
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

/** Whether the object changed: the server gives it a new version only when something in it is new. */
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
  // The generation counts changes of the specification; the version also changes with every change of the status.
  if (before === null) return true;
  if (after.metadata.generation !== undefined)
    return after.metadata.generation !== before.metadata.generation;
  return after.metadata.resourceVersion !== before.metadata.resourceVersion;
}
