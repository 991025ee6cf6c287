/** What applying objects would change, said by the API server itself: a dry run of the same server-side apply. */
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import type { ObjectGroup } from '../../manifests/object-groups.ts';

export interface ObjectChange {
  /** "StatefulSet etcd-1" */
  object: string;
  kind: 'create' | 'change' | 'same';
  /** "spec.template.spec.containers.etcd.image: a -> b", in order; for a change alone. */
  fields: string[];
}

/** Fields of an object that show; a rewritten template can differ in hundreds. */
const fieldsMax = 20;
/** What the server keeps for itself. */
const ownFields = new Set(['managedFields', 'resourceVersion', 'generation', 'creationTimestamp', 'uid']);

/** All objects as new: what there is to say where there is no cluster yet. */
export function allNew(groups: readonly ObjectGroup[]): ObjectChange[] {
  return groups.flatMap(({ objects }) =>
    objects.map((object) => ({ object: nameOf(object), kind: 'create', fields: [] })),
  );
}

export async function dryRunObjects(
  client: KubernetesClient,
  groups: readonly ObjectGroup[],
  { signal }: { signal: AbortSignal },
): Promise<ObjectChange[]> {
  const changes: ObjectChange[] = [];
  for (const object of groups.flatMap(({ objects }) => objects)) {
    signal.throwIfAborted();
    changes.push(await dryRunObject(client, object));
  }
  return changes;
}

async function dryRunObject(client: KubernetesClient, object: ApiObject): Promise<ObjectChange> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  const place = namespace === undefined ? {} : { namespace };
  const before = await client.read({ apiVersion, kind, name, ...place });
  // The server would refuse a dry run in a namespace that is not there yet.
  if (before === null) return { object: nameOf(object), kind: 'create', fields: [] };
  const after = await client.apply(object, { dryRun: true });
  const fields = differences(before, after, '');
  const more = fields.length > fieldsMax ? [`and ${fields.length - fieldsMax} more`] : [];
  return {
    object: nameOf(object),
    kind: fields.length === 0 ? 'same' : 'change',
    fields: [...fields.slice(0, fieldsMax), ...more],
  };
}

function nameOf({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.name}`;
}

function differences(before: unknown, after: unknown, path: string): string[] {
  const [left, right] = [asMapping(before), asMapping(after)];
  if (left === null || right === null) {
    return Object.is(before, after) ? [] : [`${path}: ${say(before)} -> ${say(after)}`];
  }
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].flatMap((name) => {
    if ((path === 'metadata' && ownFields.has(name)) || (path === '' && name === 'status')) return [];
    return differences(left[name], right[name], path === '' ? name : `${path}.${name}`);
  });
}

/** Lists become mappings: by the items' names where they have them, else by place. */
function asMapping(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return value as Record<string, unknown>;
  return Object.fromEntries(
    value.map((item: unknown, index) => [(item as { name?: string } | null)?.name ?? String(index), item]),
  );
}

function say(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value).slice(0, 120);
}
