// Clusters of before their etcd was recorded: what their logs tell. Members that run are in the e2e tests.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { findSeenRelease } from '../../../../../../cluster/providers/local/processes/seen-release.ts';
import {
  createStateFolder,
  dataFolderOf,
  logFileOf,
  stateFolder,
  type StateFolder,
} from '../../../../../../cluster/state/state-folder.ts';

let folder: StateFolder;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'vase-state-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  folder = stateFolder(root);
  createStateFolder(folder);
});

const names = ['etcd-1-0', 'etcd-1-1'];
const members = names.map((name) => ({ name, clientPort: 20_001, peerPort: 20_002, process: null }));
const state = { shards: [{ id: 1, token: 'token', formed: true, members }] };
const started = (version: string) =>
  `{"level":"info","msg":"starting an etcd server","etcd-version":"${version}","git-sha":"Not provided"}\n`;
const putData = (name: string) => mkdirSync(join(dataFolderOf(folder, name), 'member'), { recursive: true });

test('the newest release that has started on the data counts, also in the log before', async () => {
  for (const name of names) putData(name);
  expect(await findSeenRelease(folder, state)).toBeNull();
  writeFileSync(logFileOf(folder, 'etcd-1-0'), `not JSON\n${started('3.4.23')}${started('3.5.9')}`);
  expect(await findSeenRelease(folder, state)).toEqual({ version: '3.5.9', path: null });
  writeFileSync(logFileOf(folder, 'etcd-1-1'), started('3.4.23'));
  writeFileSync(`${logFileOf(folder, 'etcd-1-1')}.1`, started('3.5.33'));
  expect(await findSeenRelease(folder, state)).toEqual({ version: '3.5.33', path: null });
});

test('the log of a member without data tells nothing: it is of a cluster that never came up', async () => {
  writeFileSync(logFileOf(folder, 'etcd-1-0'), started('3.7.3'));
  expect(await findSeenRelease(folder, state)).toBeNull();
});
