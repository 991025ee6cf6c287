// Which etcd a cluster that runs 3.5.9 goes on with, from programs that only tell their version.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { findClusterEtcd, otherForNew, refuseOtherNamed } from '../../../../cluster/etcd/cluster-etcd.ts';
import type { EtcdSearch } from '../../../../cluster/etcd/etcd-binary.ts';
import { putFakeEtcd, putScript } from '../../../support/fake-etcd.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-etcd-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

const put = (folder: string, version: string) => putFakeEtcd(join(root, folder), version);
const at = (folder: string) => join(root, folder, 'etcd');
const search = (...folders: string[]): EtcdSearch => ({
  searchPath: folders.map((folder) => join(root, folder)).join(':'),
  binaries: join(root, 'bin'),
});
const recorded = () => ({ path: at('own'), version: '3.5.9' });
const find = (...folders: string[]) => findClusterEtcd(recorded(), search(...folders), null);

test('the recorded program is taken, whatever comes first on PATH', async () => {
  put('own', '3.5.9');
  put('old', '3.4.23');
  put('new', '3.6.0');
  expect((await find('old', 'own')).path).toBe(at('own'));
  expect((await find()).path).toBe(at('own'));
});

test('a sentence tells where a new cluster would run another', async () => {
  put('old', '3.4.23');
  put('sound', '3.6.16');
  const runs = (version: string) => ({ path: at('own'), version });
  // One with known faults, or one that would have to be fetched, is no reason to speak.
  expect(await otherForNew(runs('3.7.3'), search('old'))).toBeNull();
  expect(await otherForNew(runs('3.6.16'), search('old', 'sound'))).toBeNull();
  expect(await otherForNew(runs('3.7.3'), search('old', 'sound'))).toBe(
    `The cluster runs etcd 3.7.3 at ${at('own')} and goes on with it: etcd 3.6.16 at ${at('sound')} is older, ` +
      'and an older release is never started on the data of a newer one.',
  );
  expect(await otherForNew(runs('3.4.23'), search('old', 'sound'))).toContain(
    `etcd 3.6.16 at ${at('sound')} is newer, and Vase does not upgrade the etcd of a cluster yet.`,
  );
});

test('VASE_ETCD of another release is refused, of the same it is one more place to look', async () => {
  put('named', '3.6.0');
  await expect(refuseOtherNamed('3.5.9', { ...search(), named: at('named') })).rejects.toMatchObject({
    message: `VASE_ETCD names another etcd than the cluster runs, 3.5.9: etcd 3.6.0 at ${at('named')} is newer, and Vase does not upgrade the etcd of a cluster yet`,
    nextStep: expect.stringContaining('without VASE_ETCD'),
  });
  await refuseOtherNamed('3.5.9', search());
  put('named', '3.5.9');
  const named = { ...search(), named: join(root, 'named') };
  await refuseOtherNamed('3.5.9', named);
  expect((await findClusterEtcd(recorded(), named, null)).path).toBe(at('named'));
});

test('of a cluster of which the minor alone is known, any patch will do', async () => {
  put('old', '3.4.23');
  put('any', '3.7.9');
  const known = { path: null, version: '3.7' };
  expect((await findClusterEtcd(known, search('old', 'any'), null)).path).toBe(at('any'));
  await expect(findClusterEtcd(known, search('old'), null)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^the cluster runs etcd 3\.7: no etcd of this release is on PATH; .* is older/,
    ),
    nextStep: expect.stringContaining('`vase etcd 3.7`'),
  });
});

test('where it is gone, the same release elsewhere is taken, also behind others', async () => {
  put('old', '3.4.23');
  put('moved', '3.5.9');
  expect((await find('old', 'moved')).path).toBe(at('moved'));
  put('bin/fetched/3.5.9', '3.5.9');
  expect((await find('old')).path).toBe(at('bin/fetched/3.5.9'));
  put('bin', '3.5.9');
  expect((await find('old')).path).toBe(at('bin'));
});

test.each(['3.4.23', '3.5.8', '3.5.10', '3.6.0', '3.10.0'])(
  'where it is gone, %s is refused, on PATH and in its place',
  async (version) => {
    const relation = ['3.4.23', '3.5.8'].includes(version) ? 'older' : 'newer';
    put('other', version);
    const elsewhere = find('other');
    await expect(elsewhere).rejects.toThrow(
      `the cluster runs etcd 3.5.9: it was at ${at('own')}, and is not there any more; ` +
        `etcd ${version} at ${at('other')} is ${relation}`,
    );
    await expect(elsewhere).rejects.toMatchObject({
      nextStep: expect.stringContaining('Put etcd 3.5.9 back'),
    });
    put('own', version);
    await expect(find('own')).rejects.toThrow(`; etcd ${version} at ${at('own')} is ${relation}`);
  },
);

test('one that is in its place and cannot be run is refused with the reason', async () => {
  putScript(join(root, 'own'), 'etcd', 'exit 1');
  await expect(find()).rejects.toThrow(`it was at ${at('own')}, which cannot be used: `);
  await expect(find()).rejects.toThrow('exit code 1');
});

test('one that had been fetched is fetched again, and never in the place of another', async () => {
  const path = process.env['PATH'];
  onTestFinished(() => void (process.env['PATH'] = path));
  const tools = join(root, 'tools');
  putScript(tools, 'apt-get', 'touch etcd-server.deb');
  const packed = put('packed', '3.5.9');
  putScript(tools, 'dpkg', `mkdir -p "$3/usr/bin" && cp ${packed}/etcd "$3/usr/bin/etcd"`);
  process.env['PATH'] = `${tools}:${path}`;
  const known = { path: at('bin/fetched'), version: '3.5.9' };
  const fetching = { signal: new AbortController().signal };

  await expect(findClusterEtcd(known, search(), null)).rejects.toThrow('is not there any more');
  await expect(findClusterEtcd({ ...known, path: at('own') }, search(), fetching)).rejects.toThrow(
    'is not there',
  );
  put('bin/fetched', '3.4.23');
  const again = at('bin/fetched/3.5.9');
  expect(await findClusterEtcd(known, search(), fetching)).toMatchObject({ path: again, version: '3.5.9' });
  expect((await findClusterEtcd({ ...known, version: '3.4.23' }, search(), fetching)).path).toBe(known.path);
  await expect(findClusterEtcd({ ...known, version: '3.5.10' }, search(), fetching)).rejects.toThrow(
    'is older',
  );
});
