// Programs that answer like etcd of some version, in folders of their own.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  fetchedEtcds,
  namedEtcd,
  ownEtcds,
  type EtcdBinary,
  type RejectedEtcd,
} from '../../../../cluster/etcd/etcd-binary.ts';
import { putFakeEtcd } from '../../../support/fake-etcd.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-etcd-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

const putEtcd = (folder: string, version: string) => putFakeEtcd(join(root, folder), version);

async function all(etcds: AsyncIterable<EtcdBinary | RejectedEtcd>): Promise<(EtcdBinary | RejectedEtcd)[]> {
  const found: (EtcdBinary | RejectedEtcd)[] = [];
  for await (const etcd of etcds) found.push(etcd);
  return found;
}

async function told(etcds: AsyncIterable<EtcdBinary | RejectedEtcd>): Promise<string[]> {
  return (await all(etcds)).map((etcd) => ('version' in etcd ? etcd.version : etcd.reason));
}

test('the etcd on PATH is found with its version and flags', async () => {
  const searchPath = putEtcd('path', '3.5.9');
  expect(await all(ownEtcds({ searchPath, binaries: join(root, 'bin') }))).toEqual([
    { path: join(searchPath, 'etcd'), version: '3.5.9', flags: new Set(['--name', '--pre-vote']) },
  ]);
});

test("PATH comes first, then the user's own in the folder for binaries; what was fetched is apart, also that of before", async () => {
  const searchPath = putEtcd('path', '3.4.0');
  const binaries = putEtcd('bin', '3.5.0');
  putEtcd('bin/fetched', '3.4.23');
  putEtcd('bin/fetched/3.6.16', '3.6.16');
  mkdirSync(join(binaries, 'fetched', '.fetch-abc'));
  expect(await told(ownEtcds({ searchPath, binaries }))).toEqual(['3.4.0', '3.5.0']);
  expect(await told(fetchedEtcds({ searchPath, binaries }))).toEqual(['3.6.16', '3.4.23']);
  expect(await told(fetchedEtcds({ searchPath, binaries: join(root, 'none') }))).toEqual([]);
});

test('an etcd older than 3.4, or something else of that name, comes with a reason; one in two folders comes once', async () => {
  const old = putEtcd('old', '3.3.25');
  const other = putEtcd('other', 'none');
  mkdirSync(join(root, 'folder', 'etcd'), { recursive: true });
  symlinkSync(old, join(root, 'link'));
  const searchPath = [join(root, 'folder'), old, join(root, 'link'), other].join(':');
  expect(await told(ownEtcds({ searchPath, binaries: join(root, 'bin') }))).toEqual([
    'version 3.3.25 is older than 3.4',
    'does not say an etcd version',
  ]);
});

test('VASE_ETCD names a program or its folder; what cannot be used is refused with a way out', async () => {
  const folder = putEtcd('named', '3.4.23');
  const search = { searchPath: '', binaries: join(root, 'bin') };
  const path = join(folder, 'etcd');
  expect(await namedEtcd({ ...search, named: folder })).toMatchObject({ path, version: '3.4.23' });
  expect(await namedEtcd({ ...search, named: path })).toMatchObject({ path, version: '3.4.23' });
  for (const named of ['', undefined]) expect(await namedEtcd({ ...search, named })).toBeNull();
  const nowhere = join(root, 'nowhere');
  await expect(namedEtcd({ ...search, named: nowhere })).rejects.toMatchObject({
    message: expect.stringContaining(`VASE_ETCD names ${nowhere}, which cannot be used: `),
    nextStep: expect.stringContaining('`vase etcd 3.6`'),
  });
});
