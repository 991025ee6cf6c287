import type {
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
} from 'kubernetes-types/networking/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { blueprintOf, objectsOf, ofKind, podsOf } from './rendering.ts';

const objects = objectsOf(blueprintOf({ shards: 2 }));
const policies = ofKind(objects, 'NetworkPolicy');
const pods: Record<string, Record<string, string>> = {
  ...Object.fromEntries(podsOf(objects).map(({ name, labels }) => [name, labels])),
  stranger: { 'app.kubernetes.io/name': 'something-else' },
};

const matches = (selector: { matchLabels?: Record<string, string> }, labels: Record<string, string>) =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

const names = (peers: NetworkPolicyPeer[] | undefined, labels: Record<string, string>) =>
  peers === undefined || peers.some((peer) => matches(peer.podSelector!, labels));

/** Kubernetes' rule: a direction is open unless a policy selects the pod for it; then any rule of any such policy opens. */
function isOpen(direction: 'Ingress' | 'Egress', of: string, other: string, port: number): boolean {
  const applying = policies.filter(
    ({ spec }) => matches(spec!.podSelector, pods[of]!) && spec!.policyTypes!.includes(direction),
  );
  if (applying.length === 0) return true;
  const rules: (NetworkPolicyIngressRule & NetworkPolicyEgressRule)[] = applying.flatMap(
    ({ spec }) => (direction === 'Ingress' ? spec!.ingress : spec!.egress) ?? [],
  );
  return rules.some(
    (rule) =>
      names(direction === 'Ingress' ? rule.from : rule.to, pods[other]!) &&
      (rule.ports === undefined || rule.ports.some((allowed) => allowed.port === port)),
  );
}

const reaches = (from: string, to: string, port: number) =>
  isOpen('Egress', from, to, port) && isOpen('Ingress', to, from, port);

describe('the network policies', () => {
  test.each([
    ['sharder', 'etcd-1', 2379],
    ['sharder', 'etcd-2', 2379],
    ['view-server', 'etcd-1', 2379],
    ['view-server', 'etcd-1', 2381],
    ['view-server', 'sharder', 9090],
    ['view-server', 'view-server', 5100],
    ['etcd-1', 'etcd-1', 2380],
    ['stranger', 'sharder', 5000],
  ])('let %s reach %s on %i', (from, to, port) => {
    expect(reaches(from, to, port)).toBe(true);
  });

  test.each([
    ['stranger', 'etcd-1', 2379],
    ['stranger', 'etcd-1', 2380],
    ['stranger', 'etcd-1', 2381],
    ['stranger', 'sharder', 9090],
    ['sharder', 'etcd-1', 2380],
    ['sharder', 'etcd-1', 2381],
    ['etcd-1', 'etcd-2', 2380],
    ['etcd-1', 'etcd-2', 2379],
    ['etcd-1', 'sharder', 9090],
    ['sharder', 'sharder', 5000],
    ['stranger', 'view-server', 80],
    ['sharder', 'view-server', 80],
    ['view-server', 'sharder', 5000],
    ['view-server', 'stranger', 80],
  ])('keep %s from %s on %i', (from, to, port) => {
    expect(reaches(from, to, port)).toBe(false);
  });

  test('let the view server reach Kubernetes, wherever that is', () => {
    expect(isOpen('Egress', 'view-server', 'stranger', 443)).toBe(true);
  });

  test('let members and sharders look names up', () => {
    expect(isOpen('Egress', 'etcd-1', 'stranger', 53)).toBe(true);
    expect(isOpen('Egress', 'sharder', 'stranger', 53)).toBe(true);
  });

  test('name only ports that the pods listen on', () => {
    const listening = new Set(
      podsOf(objects).flatMap(({ spec }) =>
        spec.containers.flatMap(({ ports }) => ports!.map((port) => port.containerPort)),
      ),
    );
    const named = policies.flatMap(({ spec }) => spec!.ingress ?? []).flatMap(({ ports }) => ports!);
    expect(named.length).toBeGreaterThan(0);
    for (const { port } of named) expect(listening).toContain(port);
  });
});
