/** What applying objects would change, as the API server answers a dry run of the same server-side apply. */
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import type { ObjectGroup } from '../../manifests/object-groups.ts';

export interface ObjectChange {
  /** "StatefulSet etcd-1" */
  object: string;
  kind: 'create' | 'change' | 'same';
  /** "spec.template.spec.containers.etcd.image: a -> b", in order; only for a change. */
  fields: string[];
}

/** At most this many fields of an object are shown; a rewritten template can differ in hundreds. */
const fieldsMax = 20;
/** Fields that the server keeps for itself. */
const ownFields = new Set(['managedFields', 'resourceVersion', 'generation', 'creationTimestamp', 'uid']);

/** All objects as new: the plan where no cluster exists yet. */
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
  // The server would refuse a dry run in a namespace that does not exist yet.
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

/** Turns lists into mappings: by the items' names where they have names, else by position. */
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
