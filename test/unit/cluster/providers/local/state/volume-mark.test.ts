// Which folder may be started as a member's: its own alone, with what its mark says, and never an empty one of a formed shard.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type {
  ClusterState,
  ShardState,
} from '../../../../../../cluster/providers/local/state/cluster-state.ts';
import { listData } from '../../../../../../cluster/providers/local/state/found-files.ts';
import { dataFolderOf, stateFolder, type StateFolder } from '../../../../../../cluster/state/state-folder.ts';
import {
  claimVolume,
  inspectVolume,
  renewVolume,
  type Volume,
} from '../../../../../../cluster/providers/local/state/volume-mark.ts';
import { parseTopology } from '../../../../../../cluster/topology/topology.ts';

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
  return claimVolume(volume(ordinal, of));
}

function volume(ordinal: number, of: ShardState = shard): Volume {
  const topology = parseTopology({});
  const state: ClusterState = {
    format: 1,
    topology,
    httpPort: 1,
    shards: [of],
    sharders: [],
    viewServers: [],
  };
  return { folder, state, shard: of, member: of.members[ordinal]! };
}

const log = (ordinal: number) => join(path(ordinal), 'member', 'wal');

function writeLog(ordinal: number): void {
  mkdirSync(log(ordinal), { recursive: true });
  writeFileSync(join(log(ordinal), '0000000000000000-0000000000000000.wal'), '');
}

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

test('a log without a segment is none: etcd would begin another', () => {
  claim(0);
  writeLog(0);
  shard.formed = true;
  rmSync(log(0), { recursive: true });
  mkdirSync(log(0));
  expect(() => claim(0)).toThrow('the data of etcd-1-0 are gone');
});

test('a folder that was claimed before its shard had its first leader, and is gone, is not begun anew', () => {
  claim(0);
  rmSync(path(0), { recursive: true });
  expect(() => claim(0)).toThrow('the data of etcd-1-0 are gone');
});

test('a folder made anew keeps what was there beside it, and only the member of that id may use it', () => {
  claim(0);
  writeLog(0);
  shard.formed = true;
  shard.members[0]!.id = '77';
  expect(inspectVolume(volume(0))).toBe('earlier');
  expect(() => claim(0)).toThrow('data of an earlier etcd-1-0');
  const kept = renewVolume(volume(0));
  expect(kept).toMatch(/etcd-1-0\.kept-2/);
  expect(readdirSync(join(kept!, 'member', 'wal'))).toHaveLength(1);
  expect(listData(folder)).toEqual(['etcd-1-0', basename(kept!)]);
  expect(() => claim(0)).toThrow('the data of etcd-1-0 are gone');
  writeLog(0);
  expect(claim(0)).toBe(path(0));
  shard.members[0]!.id = '78';
  expect(() => claim(0)).toThrow('data of an earlier etcd-1-0');
});

test("nothing is kept of an empty folder, and somebody else's is not touched", () => {
  shard.formed = true;
  claim(0, { ...shard, formed: false });
  expect(renewVolume(volume(0))).toBeNull();
  mkdirSync(path(1), { recursive: true });
  shard.members[1]!.marked = true;
  expect(renewVolume(volume(1))).toBeNull();
  mkdirSync(path(2), { recursive: true });
  writeFileSync(join(path(2), 'photograph'), 'dear');
  shard.members[2]!.marked = true;
  expect(() => renewVolume(volume(2))).toThrow('data without a mark');
  expect(readdirSync(path(2))).toEqual(['photograph']);
});
