import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../../../../cluster/errors.ts';
import { mirroredImage } from '../../../../../../cluster/providers/gke/resources/registry-resources.ts';
import {
  namesOf,
  parseTarget,
  type TargetInput,
} from '../../../../../../cluster/providers/gke/resources/target.ts';
import { otherTarget } from '../../../../../support/gke/every-command.ts';

const good = { project: 'my-project', region: 'europe-west1', name: 'vase' };

test.each<[string, Partial<TargetInput>, RegExp]>([
  ['no project', { project: '' }, /PROJECT must be the id/],
  ['a flag for a project', { project: '--all' }, /PROJECT must be the id/],
  ['a zone', { region: 'europe-west1-b' }, /REGION must be a region .*that is a zone/],
  ['an unknown exposure', { expose: 'yes' }, /EXPOSE must be internal or public/],
  ['public without ranges', { expose: 'public' }, /EXPOSE=public needs ALLOW/],
  [
    'public with a range that is none',
    { expose: 'public', allow: '10.0.0.0/33' },
    /EXPOSE=public needs ALLOW/,
  ],
  ['ranges without public', { allow: '10.0.0.0/8' }, /ALLOW is for EXPOSE=public/],
])('%s is refused with a sentence', (_title, input, message) => {
  const parse = () => parseTarget({ ...good, ...input });
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(message);
});

test('is internal unless it is said', () => {
  expect(parseTarget(good).exposure).toEqual({ kind: 'internal' });
});

test('names are within the lengths that Google allows, for the longest name', () => {
  const names = namesOf(otherTarget);
  expect(names.nodeAccount).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
  expect(names.network.length).toBeLessThanOrEqual(63);
  expect(names.cluster.length).toBeLessThanOrEqual(40);
});

test('two regions of one project share no account', () => {
  const other = parseTarget({ ...good, region: 'us-central1' });
  expect(namesOf(other).nodeAccount).not.toBe(namesOf(parseTarget(good)).nodeAccount);
});

describe("etcd's image", () => {
  const target = parseTarget(good);
  const mirror = 'europe-west1-docker.pkg.dev/my-project/vase-mirror';
  test.each([
    ['registry.k8s.io/etcd:3.5.21-0@sha256:ab', `${mirror}/etcd:3.5.21-0@sha256:ab`],
    ['quay.io/coreos/etcd:v3.5.1', `${mirror}/coreos/etcd:v3.5.1`],
    ['bitnami/etcd:3.5.1', `${mirror}/bitnami/etcd:3.5.1`],
    ['etcd:3.5.1', `${mirror}/library/etcd:3.5.1`],
    ['gcr.io/etcd-development/etcd:v3.6.1', 'gcr.io/etcd-development/etcd:v3.6.1'],
  ])('%s is pulled as %s', (image, pulled) => {
    expect(mirroredImage(target, image)).toBe(pulled);
  });
});
