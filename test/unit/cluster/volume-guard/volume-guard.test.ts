// Whether a member may start on what its volume holds: decided by the very command that the pods run, on folders of this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { identityObject } from '../../../../cluster/manifests/shard-identity.ts';
import type { ClusterState } from '../../../../cluster/providers/local/state/cluster-state.ts';
import { dataFolderOf, stateFolder } from '../../../../cluster/state/state-folder.ts';
import { claimVolume } from '../../../../cluster/providers/local/state/volume-mark.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';
import { blueprintOf, objectsOf, ofKind } from '../manifests/rendering.ts';

const members = ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'];

let root: string;
let volume: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-guard-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  volume = dataFolderOf(stateFolder(root), members[0]!);
  mkdirSync(volume, { recursive: true });
});

/** Runs what stands in the StatefulSet of a shard. */
function guard(member = members[0]!, shard = 1): { status: number | null; lines: string[] } {
  const set = ofKind(objectsOf(blueprintOf({ shards: 2 })), 'StatefulSet')[shard - 1]!;
  const container = set.spec!.template.spec!.initContainers!.find(({ name }) => name === 'volume-guard')!;
  const [node, ...args] = container.command!;
  const settings = container.env!.map(({ name, value }) => [name, value ?? member]);
  const here = { VASE_VOLUME: volume, VASE_IDENTITY: join(root, 'identity') };
  const { status, stderr } = spawnSync(node === 'node' ? process.execPath : node!, args, {
    env: { ...Object.fromEntries(settings), ...here },
    encoding: 'utf8',
  });
  return { status, lines: stderr.trimEnd().split('\n') };
}

/** As Kubernetes shows the ConfigMap in the pod. */
function form(formedWith = members, joining: string[] = []): void {
  const { data } = identityObject('vase', 1, { members: formedWith, joining });
  mkdirSync(join(root, 'identity'), { recursive: true });
  for (const [key, value] of Object.entries(data!)) writeFileSync(join(root, 'identity', key), value);
}

function writeLog(): void {
  const log = join(volume, 'data', 'member', 'wal');
  mkdirSync(log, { recursive: true });
  writeFileSync(join(log, '0000000000000000-0000000000000000.wal'), '');
}

const fine = { status: 0, lines: [''] };
const empty =
  'the volume of etcd-1-0 is empty, and shard 1 has been formed: it would vote without what it has promised';

test('an empty volume is marked while the shard is being formed, as often as it takes', () => {
  expect(guard()).toEqual(fine);
  expect(JSON.parse(readFileSync(join(volume, 'vase.json'), 'utf8'))).toEqual({
    format: 1,
    cluster: 'vase',
    shard: 1,
    token: 'vase-etcd-1',
    member: 'etcd-1-0',
  });
  expect(guard()).toEqual(fine);
});

test('its own data are taken, before and after the shard is formed', () => {
  guard();
  writeLog();
  expect(guard()).toEqual(fine);
  form();
  expect(guard()).toEqual(fine);
});

test('data of a version before marks get theirs, in a formed shard too', () => {
  writeLog();
  form();
  expect(guard()).toEqual(fine);
  expect(existsSync(join(volume, 'vase.json'))).toBe(true);
});

test.each<[string, () => void]>([
  ['nothing', () => undefined],
  ['a mark alone', () => void guard()],
  ['what is beside a log', () => void mkdirSync(join(volume, 'data', 'member', 'snap'), { recursive: true })],
  [
    'a log without a segment',
    () => void mkdirSync(join(volume, 'data', 'member', 'wal'), { recursive: true }),
  ],
  ['what a disk has when it is new', () => mkdirSync(join(volume, 'lost+found'))],
])('a volume with %s does not start in a shard that has been formed', (_what, prepare) => {
  prepare();
  form();
  expect(guard()).toEqual({ status: 1, lines: [empty, 'Type: vase member replace etcd-1-0'] });
});

test('an empty volume starts where the member is being replaced, and no other', () => {
  form(members, ['etcd-1-1']);
  expect(guard()).toMatchObject({ status: 1, lines: [empty, expect.any(String)] });
  expect(guard('etcd-1-1')).toEqual(fine);
});

test('a shard of one has nobody who could give the data again', () => {
  form(['etcd-1-0']);
  const { status, lines } = guard();
  expect([status, lines[1]]).toEqual([1, 'Give the pod its own volume back: no other member has the data.']);
});

test('a pod that the shard was not formed with does not start', () => {
  form(['etcd-1-0']);
  const refused = {
    status: 1,
    lines: [
      'etcd-1-2 is no member of shard 1, which was formed with etcd-1-0',
      'Apply the objects with the number of members that it has: 1.',
    ],
  };
  expect(guard('etcd-1-2')).toEqual(refused);
  expect(existsSync(join(volume, 'vase.json'))).toBe(false);
});

test.each<[string, () => void, string]>([
  ['another member', () => void guard('etcd-1-1'), 'the data of etcd-1-1, made as vase-etcd-1'],
  ['another shard', () => void guard('etcd-1-0', 2), 'the data of etcd-1-0, made as vase-etcd-2'],
  ['nobody knows whom', () => writeFileSync(join(volume, 'vase.json'), '{'), 'a mark that cannot be read'],
])('the volume of %s does not start, whether or not the shard has been formed', (_whose, mark, holds) => {
  mark();
  writeLog();
  for (const formed of [false, true]) {
    if (formed) form();
    const { status, lines } = guard();
    expect([status, lines[0]]).toEqual([1, `the volume of etcd-1-0 is not its own: it holds ${holds}`]);
  }
});

test('the mark is one that the local provider reads', () => {
  guard();
  const topology = parseTopology({});
  const member = { name: 'etcd-1-0', clientPort: 1, peerPort: 2, process: null };
  const claim = (token: string) => {
    const shard = { id: 1, token, formed: false, members: [member] };
    const state: ClusterState = {
      format: 1,
      topology,
      httpPort: 1,
      shards: [shard],
      sharders: [],
      viewServers: [],
    };
    return claimVolume({ folder: stateFolder(root), state, shard, member });
  };
  expect(claim('vase-etcd-1')).toBe(volume);
  expect(() => claim('another')).toThrow('the data of etcd-1-0 of cluster vase, made as vase-etcd-1');
});
