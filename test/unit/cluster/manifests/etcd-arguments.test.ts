import { describe, expect, test } from 'vitest';
import { etcdFlags } from '../../../../cluster/etcd/etcd-flags.ts';
import { etcdArguments } from '../../../../cluster/manifests/etcd-arguments.ts';
import { shardIds } from '../../../../cluster/topology/topology.ts';
import { argumentsOf, blueprintOf, forEveryRendering, ofKind } from './rendering.ts';

describe("a member's command line", () => {
  test('names as its peers exactly the members of its StatefulSet, by their stable DNS names', () => {
    forEveryRendering((objects, blueprint) => {
      const { topology } = blueprint;
      for (const set of ofKind(objects, 'StatefulSet')) {
        const name = set.metadata!.name!;
        const { args: own, env } = set.spec!.template.spec!.containers[0]!;
        const args = argumentsOf(own!);
        const scheme = args.get('--listen-peer-urls')!.split(':')[0];
        const expected = Array.from({ length: set.spec!.replicas! }, (_, index) => {
          const member = `${name}-${index}`;
          return `${member}=${scheme}://${member}.${set.spec!.serviceName}.${topology.name}.svc:2380`;
        });
        // A flag would win over the variable.
        expect(args.has('--initial-cluster')).toBe(false);
        const { name: map, key } = env!.find((variable) => variable.name === 'ETCD_INITIAL_CLUSTER')!
          .valueFrom!.configMapKeyRef!;
        const { data } = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === map)!;
        expect(data![key]!.split(',')).toEqual(expected);
        // What Kubernetes makes of the placeholder must be one of the peers, to the letter, or etcd does not start.
        const self = `${args.get('--name')}=${args.get('--initial-advertise-peer-urls')}`;
        expect(expected).toContain(self.replaceAll('$(POD_NAME)', `${name}-0`));
      }
    });
  });

  test('says of no shard that it is new: whether there is one already is for its ConfigMap to say', () => {
    forEveryRendering((objects) => {
      for (const set of ofKind(objects, 'StatefulSet')) {
        const { args, env } = set.spec!.template.spec!.containers[0]!;
        expect(args!.filter((arg) => arg.includes('cluster-state'))).toEqual([]);
        const state = env!.find(({ name }) => name === 'ETCD_INITIAL_CLUSTER_STATE')!;
        const name = `${set.metadata!.name}-identity`;
        expect(state.valueFrom!.configMapKeyRef).toEqual({ name, key: 'state', optional: true });
      }
    });
  });

  test('has a token for each shard that no other shard has', () => {
    const blueprint = blueprintOf({ shards: 12 });
    const tokens = shardIds(blueprint.topology).map((shard) =>
      argumentsOf(etcdArguments(blueprint, shard)).get('--initial-cluster-token'),
    );
    expect(new Set(tokens).size).toBe(12);
  });

  test('speaks plain HTTP without TLS, and with TLS asks clients and peers for certificates', () => {
    const without = etcdArguments(blueprintOf({ tls: false }), 1).join(' ');
    expect(without).not.toMatch(/https:|cert|key-file/);
    const withTls = argumentsOf(etcdArguments(blueprintOf({ tls: true }), 1));
    expect(withTls.get('--client-cert-auth')).toBe('true');
    expect(withTls.get('--peer-client-cert-auth')).toBe('true');
    for (const flag of ['--listen-client-urls', '--advertise-client-urls', '--listen-peer-urls']) {
      expect(withTls.get(flag)).toMatch(/^https:/);
    }
  });

  test('gives the same settings as the local provider gives its members', () => {
    const { topology } = blueprintOf({ etcd: { quota: '3Gi', maxTxnOps: 700, electionMs: 900 } });
    const place = { name: 'm', dataFolder: 'd', clientUrl: 'c', peerUrl: 'p', peers: [], token: 't' };
    const known = new Set(['--pre-vote', '--snapshot-count', '--logger', '--log-outputs']);
    const local = argumentsOf(etcdFlags({ ...place, clusterState: 'new' }, topology.etcd, known));
    const inPods = argumentsOf(etcdArguments(blueprintOf({ etcd: topology.etcd }), 1));
    const ofItsPlace = /-urls$|^--(name|data-dir|initial-.*)$/;
    const settings = [...local].filter(([flag]) => !ofItsPlace.test(flag));
    expect(settings.length).toBeGreaterThan(8);
    for (const [flag, value] of settings) expect([flag, inPods.get(flag)]).toEqual([flag, value]);
  });
});
