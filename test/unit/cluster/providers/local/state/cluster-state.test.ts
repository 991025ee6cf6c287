import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  readState,
  writeState,
  type ClusterState,
} from '../../../../../../cluster/providers/local/state/cluster-state.ts';
import { stateFolder, type StateFolder } from '../../../../../../cluster/state/state-folder.ts';
import { parseTopology } from '../../../../../../cluster/topology/topology.ts';

let folder: StateFolder;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'vase-state-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  folder = stateFolder(root);
});

const state: ClusterState = {
  format: 1,
  topology: parseTopology({ shards: 1, members: 1, sharders: 1 }),
  httpPort: 5000,
  etcd: { path: '/opt/etcd/etcd', version: '3.7.3' },
  shards: [
    {
      id: 1,
      token: 'token',
      formed: true,
      members: [
        { name: 'etcd-1-0', clientPort: 20_001, peerPort: 20_002, process: { pid: 7, startedAt: 'boot:1' } },
      ],
    },
  ],
  sharders: [{ name: 'sharder-1', adminPort: 20_003, ownPort: 20_004, process: null, settings: '' }],
  viewServers: [],
};

test('what was written is read', () => {
  expect(readState(folder)).toBeNull();
  writeState(folder, state);
  expect(readState(folder)).toEqual(state);
});

test('the state of before sharders had a port of their own, and topologies named hosts, is read', () => {
  const { http: _http, ...topology } = state.topology;
  const sharders = state.sharders.map(({ ownPort: _ownPort, ...sharder }) => sharder);
  writeFileSync(folder.stateFile, JSON.stringify({ ...state, topology, sharders }));
  expect(readState(folder)).toEqual({ ...state, sharders: [{ ...state.sharders[0], ownPort: null }] });
});

test('the state of before it recorded the etcd is read', () => {
  const { etcd: _etcd, ...before } = state;
  writeFileSync(folder.stateFile, JSON.stringify(before));
  expect(readState(folder)).toEqual(before);
});

test('what a later version has written beside it is there after this one has written the state again', () => {
  const [shard] = state.shards;
  const later = { ...state, zones: ['a'], shards: [{ ...shard, zone: 'a' }] };
  writeFileSync(folder.stateFile, JSON.stringify(later));
  writeState(folder, { ...readState(folder)!, httpPort: 5001 });
  expect(JSON.parse(readFileSync(folder.stateFile, 'utf8'))).toMatchObject({ ...later, httpPort: 5001 });
});

test('a write leaves one file, whatever was there', () => {
  writeState(folder, state);
  writeState(folder, { ...state, httpPort: 5001 });
  expect(readdirSync(folder.root)).toEqual(['cluster.json']);
  expect(readState(folder)?.httpPort).toBe(5001);
});

test.each(['', '{}', '{"format":2}', JSON.stringify({ ...state, httpPort: 0 })])(
  'a file that this version did not write is an error with a way out: %j',
  (text) => {
    writeFileSync(folder.stateFile, text);
    expect(() => readState(folder)).toThrow(`the state file ${folder.stateFile} cannot be understood`);
  },
);
