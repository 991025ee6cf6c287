/** Where two objects differ, in the words of the overlays' allow-list. */
import type { AllowedDifference } from '../../../../cluster/manifests/overlay-differences.ts';
import type { KubernetesObject } from '../../../../cluster/manifests/validate-object.ts';

export interface Difference {
  kind: string;
  name: string;
  path: string;
}

export function findDifferences(
  left: readonly KubernetesObject[],
  right: readonly KubernetesObject[],
): Difference[] {
  const byName = (objects: readonly KubernetesObject[]) =>
    Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
  const [a, b] = [byName(left), byName(right)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => {
    const [kind, name] = key.split(' ') as [string, string];
    return comparePaths(a[key], b[key], '').map((path) => ({ kind, name, path }));
  });
}

/** Something that only one side has is named by its innermost fields. */
function comparePaths(a: unknown, b: unknown, path: string): string[] {
  const left = asMapping(a ?? (isEmpty(b) ? a : {}));
  const right = asMapping(b ?? (isEmpty(a) ? b : {}));
  if (left === null || right === null) return Object.is(a, b) ? [] : [path];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((field) =>
    comparePaths(left[field], right[field], path === '' ? field : `${path}.${field}`),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

/** Lists become mappings: by the items' names, by the flags of arguments, else by place. */
function asMapping(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return value as Record<string, unknown>;
  return Object.fromEntries(value.map((item: unknown, index) => [itemKey(item) ?? String(index), item]));
}

function itemKey(item: unknown): string | null {
  if (typeof item === 'string') return /^(--[a-z-]+)=/.exec(item)?.[1] ?? null;
  const { name } = item as { name?: unknown };
  return typeof name === 'string' ? name : null;
}

export function isAllowed(difference: Difference, allowed: readonly AllowedDifference[]): boolean {
  return allowed.some((entry) => covers(entry, difference));
}

export function covers(entry: AllowedDifference, { kind, name, path }: Difference): boolean {
  if (entry.kind !== kind || (entry.name !== undefined && entry.name !== name)) return false;
  return path === entry.path || path.startsWith(`${entry.path}.`);
}
