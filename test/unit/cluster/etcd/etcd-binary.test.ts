// Programs that answer like etcd of some version, in folders of their own.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { findEtcd, obtainEtcd } from '../../../../cluster/etcd/etcd-binary.ts';
import { putFakeEtcd } from '../../../support/fake-etcd.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-etcd-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

const putEtcd = (folder: string, version: string) => putFakeEtcd(join(root, folder), version);

test('the etcd on PATH is found with its version and flags', async () => {
  const searchPath = putEtcd('path', '3.5.9');
  const { binary } = await findEtcd({ searchPath, binaries: join(root, 'bin') });
  expect(binary).toEqual({
    path: join(searchPath, 'etcd'),
    version: '3.5.9',
    flags: new Set(['--name', '--pre-vote']),
  });
});

test('PATH comes first, then the folder for binaries, then what was fetched', async () => {
  const searchPath = putEtcd('path', '3.4.0');
  const binaries = putEtcd('bin', '3.5.0');
  putEtcd('bin/fetched', '3.6.0');
  const versionWith = async (search: { searchPath: string; binaries: string }) =>
    (await findEtcd(search)).binary?.version;
  expect(await versionWith({ searchPath, binaries })).toBe('3.4.0');
  expect(await versionWith({ searchPath: '', binaries })).toBe('3.5.0');
  rmSync(join(binaries, 'etcd'));
  expect(await versionWith({ searchPath: '', binaries })).toBe('3.6.0');
});

test('an etcd older than 3.4, or something else of that name, is passed over with a reason', async () => {
  const old = putEtcd('old', '3.3.25');
  const other = putEtcd('other', 'none');
  const { binary, rejected } = await findEtcd({ searchPath: `${old}:${other}`, binaries: join(root, 'bin') });
  expect(binary).toBeNull();
  expect(rejected.map(({ reason }) => reason)).toEqual([
    'version 3.3.25 is older than 3.4',
    'does not say an etcd version',
  ]);
});

test('where none is found and none can be fetched, the error says what was tried and what to do', async () => {
  // No release is pinned for this platform, and a PATH without apt-get has no package either.
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  onTestFinished(() => void (process.env['PATH'] = path));
  const old = putEtcd('old', '3.3.25');
  const binaries = join(root, 'bin');
  const signal = new AbortController().signal;
  const release = { version: '9.9.9', archives: {} };
  const error = await obtainEtcd({ searchPath: old, binaries }, { release, signal }).catch(
    (thrown: unknown) => thrown,
  );
  expect(String(error)).toContain('version 3.3.25 is older than 3.4');
  expect(String(error)).toContain('no release is pinned');
  expect(String(error)).toContain('apt-get');
  expect(existsSync(join(binaries, 'fetched', 'etcd'))).toBe(false);
  expect(readdirSync(join(binaries, 'fetched'))).toEqual([]);
});
