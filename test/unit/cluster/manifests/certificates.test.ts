import { describe, expect, test } from 'vitest';
import { certificateRequests } from '../../../../cluster/manifests/certificates.ts';
import { blueprintOf, objectsOf, ofKind, podsOf } from './rendering.ts';

const blueprint = blueprintOf({ tls: true, shards: 3 });
const requests = certificateRequests(blueprint.topology);
const objects = objectsOf(blueprint);

describe('with TLS', () => {
  test('the secrets that pods mount are exactly those that the provider is asked to make', () => {
    const mounted = podsOf(objects).flatMap(({ spec }) =>
      spec.volumes!.flatMap(({ secret }) => secret?.secretName ?? []),
    );
    expect(mounted.toSorted()).toEqual(requests.map(({ secret }) => secret).toSorted());
  });

  test('every file that a process is told of lies in a folder where a secret is mounted', () => {
    for (const { spec } of podsOf(objects)) {
      for (const container of spec.containers) {
        const words = [...(container.args ?? []), ...(container.env ?? []).map(({ value }) => value ?? '')];
        const files = words.flatMap((word) => /(\/\S+\.(?:crt|key))$/.exec(word)?.slice(1) ?? []);
        const folders = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
        for (const file of files) expect(folders).toContain(file.slice(0, file.lastIndexOf('/')));
        expect(files.length).toBeGreaterThan(2);
      }
    }
  });

  test("a server's certificate names every address that it advertises, a peer's every peer", () => {
    for (const set of ofKind(objects, 'StatefulSet')) {
      const name = set.metadata!.name!;
      const namesOf = (secret: string) => requests.find((request) => request.secret === secret)!.dnsNames;
      const { data } = objects.find(({ metadata }) => metadata.name === `${name}-initial-cluster`)!;
      for (const peer of data!['initial-cluster']!.split(',')) {
        const host = new URL(peer.slice(peer.indexOf('=') + 1)).hostname;
        expect(namesOf(`${name}-peer-tls`)).toContain(host);
        expect(namesOf(`${name}-server-tls`)).toContain(host);
      }
      expect(namesOf(`${name}-server-tls`)).toContain(`${name.replace('etcd-', 'etcd-client-')}.vase.svc`);
    }
  });

  test('no authority signs both peers and clients, or the peers of two shards', () => {
    const peerAuthorities = requests
      .filter(({ secret }) => secret.endsWith('-peer-tls'))
      .map(({ authority }) => authority);
    expect(new Set(peerAuthorities).size).toBe(3);
    const others = requests.filter(({ secret }) => !secret.endsWith('-peer-tls'));
    for (const { authority } of others) expect(peerAuthorities).not.toContain(authority);
  });
});

test('without TLS nothing mounts a secret', () => {
  const plain = objectsOf(blueprintOf({ tls: false }, 'gke'));
  const volumes = podsOf(plain).flatMap(({ spec }) => spec.volumes ?? []);
  expect(volumes.filter(({ secret }) => secret !== undefined)).toEqual([]);
});
