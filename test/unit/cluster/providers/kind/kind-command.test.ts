import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { clusterConfig } from '../../../../../cluster/providers/kind/kind-command.ts';
import { kindNodePorts } from '../../../../../cluster/manifests/overlay.ts';

interface Config {
  nodes: { role: string; labels?: Record<string, string>; extraPortMappings?: Record<string, unknown>[] }[];
}

const settled = { nodeImage: 'kindest/node:v1', httpPort: 5000, viewPort: 20_001 };
const configOf = (profile: 'small' | 'zones') =>
  parse(
    clusterConfig({ configuration: { ...settled, profile }, configurationHash: '0123456789ab' }),
  ) as Config;

test.each(['small', 'zones'] as const)('every node of the profile %s says whose it is', (profile) => {
  for (const { labels } of configOf(profile).nodes)
    expect(labels?.['vase/configuration']).toBe('0123456789ab');
});

test('the profile small is one node, whose ports are reached from this machine alone', () => {
  const { nodes } = configOf('small');
  expect(nodes).toHaveLength(1);
  expect(nodes[0]!.extraPortMappings).toEqual([
    { containerPort: kindNodePorts.http, hostPort: 5000, listenAddress: '127.0.0.1', protocol: 'TCP' },
    { containerPort: kindNodePorts.view, hostPort: 20_001, listenAddress: '127.0.0.1', protocol: 'TCP' },
  ]);
});

test('the profile zones is a control plane and three workers in three zones', () => {
  const { nodes } = configOf('zones');
  expect(nodes.map(({ role }) => role)).toEqual(['control-plane', 'worker', 'worker', 'worker']);
  const zones = nodes.slice(1).map(({ labels }) => labels?.['topology.kubernetes.io/zone']);
  expect(new Set(zones).size).toBe(3);
  expect(nodes.slice(1).every(({ extraPortMappings }) => extraPortMappings === undefined)).toBe(true);
});
