import { expect, test } from 'vitest';
import { parseTopology, shardIds, TopologyError } from '../../../../cluster/topology/topology.ts';

test('an empty description is a whole one: three shards of three members, two sharders, port 5000', () => {
  expect(parseTopology({})).toMatchObject({
    name: 'vase',
    shards: 3,
    members: 3,
    sharders: 2,
    ports: { http: 5000 },
    resources: { sharder: { cpu: null, memory: null } },
  });
});

test('a parsed topology parses to itself', () => {
  const topology = parseTopology({ shards: 2, etcd: { quota: '64Mi' } });
  expect(parseTopology(topology)).toEqual(topology);
});

test('shards are numbered from the first on', () => {
  expect(shardIds(parseTopology({ shards: 3, firstShard: 7 }))).toEqual([7, 8, 9]);
});

test.each([
  [{ shards: 0 }, 'shards: must be a whole number from 1 to 64'],
  [{ shards: 65 }, 'shards: must be a whole number from 1 to 64'],
  [{ shards: 1.5 }, 'shards: must be a whole number from 1 to 64'],
  [{ shards: '3' }, 'shards: must be a whole number from 1 to 64'],
  [{ members: 4 }, 'members: must be one of 1, 3, 5'],
  [{ name: 'Vase!' }, 'name: must be lower-case letters'],
  [{ etcd: { quota: '2GB' } }, 'etcd.quota: must be a size'],
  [
    { etcd: { heartbeatMs: 500, electionMs: 1000 } },
    'etcd.electionMs: must be at least 5 times etcd.heartbeatMs',
  ],
  [{ resources: { etcd: { cpu: '0' } } }, 'resources.etcd.cpu: must be cores'],
  [{ http: { hosts: ['*'] } }, 'http.hosts.0: must be names'],
  [{ http: { hosts: 'a' } }, 'http.hosts: must be'],
  [{ shard: 3 }, 'unknown field shard'],
  [{ etcd: { qouta: '1Gi' } }, 'unknown field etcd.qouta'],
  [[], 'topology: must be'],
])('%j is refused and the field named', (input, message) => {
  expect(() => parseTopology(input)).toThrow(TopologyError);
  expect(() => parseTopology(input)).toThrow(message);
});
