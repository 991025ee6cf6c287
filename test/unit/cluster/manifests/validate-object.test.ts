import { describe, expect, test } from 'vitest';
import {
  assertValidObject,
  objectFaults,
  type KubernetesObject,
} from '../../../../cluster/manifests/validate-object.ts';
import { blueprintOf, objectsOf } from './rendering.ts';

const objects = [...objectsOf(blueprintOf()), ...objectsOf(blueprintOf({}, 'gke'))];

/** Every place in an object that is a mapping of fields; mappings of free names, such as labels, are left out. */
function* mappings(value: unknown, path = ''): Generator<{ mapping: Record<string, unknown>; path: string }> {
  if (typeof value !== 'object' || value === null) return;
  const isFree = /\/(labels|matchLabels|annotations|requests|limits|parameters|selector)$/.test(path);
  if (!Array.isArray(value) && !isFree) yield { mapping: value as Record<string, unknown>, path };
  for (const [field, child] of Object.entries(value)) yield* mappings(child, `${path}/${field}`);
}

describe('validation against the schema of Kubernetes 1.20', () => {
  test('finds no fault in what the generator makes', () => {
    expect(objects.flatMap(objectFaults)).toEqual([]);
  });

  test('catches an unknown field wherever it is put: in every mapping of every object', () => {
    let places = 0;
    for (const object of objects) {
      const count = [...mappings(object)].length;
      for (let index = 0; index < count; index += 1) {
        const spoilt = structuredClone(object);
        const { mapping, path } = [...mappings(spoilt)][index]!;
        mapping['repilcas'] = 3;
        expect(objectFaults(spoilt).join(), `${object.kind} ${path}`).toContain('repilcas');
        places += 1;
      }
    }
    expect(places).toBeGreaterThan(500);
  });

  test('catches a misspelt field, a wrong type and a missing required field, and says where', () => {
    const set = objects.find(({ kind }) => kind === 'StatefulSet')!;
    const spoil = (change: (spec: Record<string, unknown>) => void) => {
      const spoilt = structuredClone(set);
      change(spoilt.spec as Record<string, unknown>);
      return objectFaults(spoilt).join('; ');
    };
    expect(spoil((spec) => (spec['podManagementPolicy2'] = 'Parallel'))).toMatch(
      /\/spec .*podManagementPolicy2/,
    );
    expect(spoil((spec) => (spec['replicas'] = '3'))).toMatch(/\/spec\/replicas must be integer/);
    expect(spoil((spec) => delete spec['serviceName'])).toMatch(/\/spec .*serviceName/);
  });

  test('refuses a kind that it has no schema of, and names the object in what it throws', () => {
    const secret: KubernetesObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } };
    expect(() => assertValidObject(secret)).toThrow(/Secret x is not valid: v1 Secret is not a kind/);
  });
});
