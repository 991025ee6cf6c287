import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { planUp, refuseImpossibleChange } from '../../../../../../cluster/providers/local/state/plan-up.ts';
import { stateFolder } from '../../../../../../cluster/state/state-folder.ts';
import { parseTopology, type TopologyInput } from '../../../../../../cluster/topology/topology.ts';

const folder = stateFolder('/nowhere/vase');
const topology = (input: TopologyInput) => parseTopology({ ports: { http: 0 }, ...input });

async function occupy(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
}

test('a new cluster has names like pods, a token per shard and no port twice', async () => {
  const state = await planUp(null, topology({ shards: 2, members: 3, sharders: 2 }), folder);
  expect(state.shards.map(({ members }) => members.map(({ name }) => name))).toEqual([
    ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'],
    ['etcd-2-0', 'etcd-2-1', 'etcd-2-2'],
  ]);
  expect(state.sharders.map(({ name }) => name)).toEqual(['sharder-1', 'sharder-2']);
  expect(new Set(state.shards.map(({ token }) => token)).size).toBe(2);
  const members = state.shards.flatMap((shard) => shard.members);
  const ports = [
    state.httpPort,
    ...members.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]),
    ...state.sharders.flatMap(({ adminPort, ownPort }) => [adminPort, ownPort]),
  ];
  expect(new Set(ports).size).toBe(1 + 12 + 4);
});

test('a cluster keeps its ports and tokens, and more sharders are added behind the others', async () => {
  const before = await planUp(null, topology({ shards: 1, members: 1, sharders: 1 }), folder);
  const after = await planUp(before, topology({ shards: 1, members: 1, sharders: 3 }), folder);
  expect(after.shards).toEqual(before.shards);
  expect(after.httpPort).toBe(before.httpPort);
  expect(after.sharders[0]).toEqual(before.sharders[0]);
  expect(after.sharders.map(({ name }) => name)).toEqual(['sharder-1', 'sharder-2', 'sharder-3']);
});

test('sharders of before they had a port of their own get one', async () => {
  const wanted = topology({ shards: 1, members: 1, sharders: 2 });
  const before = await planUp(null, wanted, folder);
  before.sharders = before.sharders.map((sharder) => ({ ...sharder, ownPort: null }));
  const after = await planUp(before, wanted, folder);
  expect(new Set(after.sharders.map(({ ownPort }) => ownPort)).size).toBe(2);
  expect(after.sharders.every(({ ownPort }) => ownPort !== null)).toBe(true);
});

test('fewer sharders stay in the state until they have been stopped', async () => {
  const before = await planUp(null, topology({ shards: 1, members: 1, sharders: 3 }), folder);
  const after = await planUp(before, topology({ shards: 1, members: 1, sharders: 1 }), folder);
  expect(after.sharders).toEqual(before.sharders);
});

test('a client port that somebody took while the cluster was down is replaced, a peer port is not', async () => {
  const before = await planUp(null, topology({ shards: 1, members: 1, sharders: 1 }), folder);
  const [member] = before.shards[0]!.members;
  await occupy(member!.clientPort);
  await occupy(member!.peerPort);
  const after = await planUp(before, topology({ shards: 1, members: 1, sharders: 1 }), folder);
  expect(after.shards[0]!.members[0]!.clientPort).not.toBe(member!.clientPort);
  expect(after.shards[0]!.members[0]!.peerPort).toBe(member!.peerPort);
});

test('a public port that somebody holds is refused with its number and a way out', async () => {
  const { httpPort } = await planUp(null, topology({ shards: 1 }), folder);
  await occupy(httpPort);
  await expect(planUp(null, parseTopology({ ports: { http: httpPort } }), folder)).rejects.toMatchObject({
    message: expect.stringContaining(`port ${httpPort} is taken`),
    nextStep: expect.stringContaining('make up PORT=5001'),
  });
});

test.each([{ shards: 2 }, { name: 'other' }, { firstShard: 2 }] as TopologyInput[])(
  'a change of %j is refused and named',
  (change) => {
    const [field] = Object.keys(change);
    expect(() => refuseImpossibleChange(parseTopology({}), parseTopology(change), false)).toThrow(field);
  },
);

test('other settings of etcd are taken when nothing runs, and refused while members run', () => {
  const [before, after] = [parseTopology({}), parseTopology({ etcd: { quota: '4Gi' } })];
  expect(() => refuseImpossibleChange(before, after, false)).not.toThrow();
  expect(() => refuseImpossibleChange(before, after, true)).toThrow('members are running');
});
