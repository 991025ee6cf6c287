import { expect, test } from 'vitest';
import { SharderNames } from '../../../../../cluster/providers/kubernetes/sharder-names.ts';
import type { Pod } from '../../../../../cluster/providers/kubernetes/live-objects.ts';

function pod(name: string, second: number, leaves = false): Pod {
  const creationTimestamp = new Date(second * 1000).toISOString();
  const gone = leaves ? { deletionTimestamp: creationTimestamp } : {};
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, creationTimestamp, ...gone } };
}

const podsByName = (names: ReturnType<SharderNames['assign']>) =>
  Object.fromEntries(names.map(({ name, pod: found }) => [name, found?.metadata.name ?? null]));

test('pods are numbered in the order in which they were made', () => {
  const names = new SharderNames();
  expect(podsByName(names.assign([pod('b', 2), pod('a', 1)], 2))).toEqual({
    'sharder-1': 'a',
    'sharder-2': 'b',
  });
});

test('a name stays with its pod, and goes to the next new one when the pod is gone', () => {
  const names = new SharderNames();
  names.assign([pod('a', 1), pod('b', 2)], 2);
  expect(podsByName(names.assign([pod('b', 2)], 2))).toEqual({ 'sharder-1': null, 'sharder-2': 'b' });
  expect(podsByName(names.assign([pod('b', 2), pod('c', 3)], 2))).toEqual({
    'sharder-1': 'c',
    'sharder-2': 'b',
  });
  expect(names.podOf('sharder-1')).toBe('c');
});

test('a pod on its way out has no name, and a missing one is listed without a pod', () => {
  const names = new SharderNames();
  expect(podsByName(names.assign([pod('a', 1, true)], 1))).toEqual({ 'sharder-1': null });
  expect(names.podOf('sharder-1')).toBeNull();
});

test('more pods than wanted, as in a rolling update, all have names', () => {
  const names = new SharderNames();
  const all = [pod('a', 1), pod('b', 2), pod('c', 3)];
  expect(Object.keys(podsByName(names.assign(all, 2)))).toEqual(['sharder-1', 'sharder-2', 'sharder-3']);
});
