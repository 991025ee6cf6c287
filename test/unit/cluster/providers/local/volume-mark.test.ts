// Which folder may be started as a member's: its own alone, with what its mark says, and never an empty one of a formed shard.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { ClusterState, ShardState } from '../../../../../cluster/providers/local/cluster-state.ts';
import {
  dataFolderOf,
  stateFolder,
  type StateFolder,
} from '../../../../../cluster/providers/local/state-folder.ts';
import { claimVolume } from '../../../../../cluster/providers/local/volume-mark.ts';
import { parseTopology } from '../../../../../cluster/topology.ts';

let folder: StateFolder;
let shard: ShardState;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'vase-mark-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  folder = stateFolder(root);
  const members = [0, 1, 2].map((ordinal) => ({
    name: `etcd-1-${ordinal}`,
    clientPort: 20_001 + 2 * ordinal,
    peerPort: 20_002 + 2 * ordinal,
    process: null,
  }));
  shard = { id: 1, token: 'token', formed: false, members };
});

const path = (ordinal: number) => dataFolderOf(folder, `etcd-1-${ordinal}`);

function claim(ordinal: number, of: ShardState = shard): string {
  const topology = parseTopology({});
  const state: ClusterState = {
    format: 1,
    topology,
    httpPort: 1,
    shards: [of],
    sharders: [],
    viewServers: [],
  };
  return claimVolume({ folder, state, shard: of, member: of.members[ordinal]! });
}

const writeLog = (ordinal: number) => mkdirSync(join(path(ordinal), 'member', 'wal'), { recursive: true });

test('a new folder is marked, and claimed again', () => {
  expect(claim(0)).toBe(path(0));
  writeLog(0);
  shard.formed = true;
  expect(claim(0)).toBe(path(0));
});

test('a formed shard takes no empty folder, with a mark or without', () => {
  claim(0);
  shard.formed = true;
  expect(() => claim(0)).toThrow('the data of etcd-1-0 are gone');
  expect(() => claim(1)).toThrow('the data of etcd-1-1 are gone');
});

test('the folder of another member, or of another shard with the same names, is refused', () => {
  for (const ordinal of [0, 1]) {
    claim(ordinal);
    writeLog(ordinal);
  }
  shard.formed = true;
  expect(() => claim(0, { ...shard, token: 'another' })).toThrow(
    'it holds the data of etcd-1-0 of cluster vase',
  );
  rmSync(path(0), { recursive: true });
  renameSync(path(1), path(0));
  expect(() => claim(0)).toThrow('it holds the data of etcd-1-1');
});

test('a folder with data and no mark is adopted where there was no mark yet, and refused where there was', () => {
  writeLog(2);
  expect(() => claim(2)).toThrow('data without a mark');
  shard.formed = true;
  claim(2);
  rmSync(join(path(2), 'vase.json'));
  expect(() => claim(2)).toThrow('data without a mark');
});

test('a mark that cannot be read is refused, and what a marking cut short has left is none', () => {
  mkdirSync(path(0), { recursive: true });
  writeFileSync(join(path(0), 'vase.json.77'), '{"for');
  claim(0);
  writeFileSync(join(path(0), 'vase.json'), '{"for');
  expect(() => claim(0)).toThrow('a mark that cannot be read');
});
