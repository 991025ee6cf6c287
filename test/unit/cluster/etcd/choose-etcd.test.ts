// Which etcd a new cluster runs, from programs that only tell their version; what has to be fetched is in obtain-release.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { chooseEtcd, obtainEtcd } from '../../../../cluster/etcd/choose-etcd.ts';
import type { EtcdSearch } from '../../../../cluster/etcd/etcd-binary.ts';
import { putFakeEtcd, putScript } from '../../../support/fake-etcd.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-choose-'));
  // No Go, no apt-get, no network that a test depends on: what would be fetched cannot be.
  const path = process.env['PATH'];
  process.env['PATH'] = join(root, 'tools');
  const { fetch } = globalThis;
  globalThis.fetch = () => Promise.reject(new Error('no network'));
  onTestFinished(() => {
    process.env['PATH'] = path;
    globalThis.fetch = fetch;
    rmSync(root, { recursive: true, force: true });
  });
});

const put = (folder: string, version: string) => putFakeEtcd(join(root, folder), version);
const at = (folder: string) => join(root, folder, 'etcd');
const search = (...folders: string[]): EtcdSearch => ({
  searchPath: folders.map((folder) => join(root, folder)).join(':'),
  binaries: join(root, 'bin'),
});
const obtain = (...folders: string[]) =>
  obtainEtcd(search(...folders), { signal: new AbortController().signal });

test('what VASE_ETCD names is taken, whatever else there is and whatever faults it has', async () => {
  put('named', '3.4.23');
  put('sound', '3.6.16');
  expect(await chooseEtcd({ ...search('sound'), named: join(root, 'named') })).toMatchObject({
    binary: { path: at('named'), version: '3.4.23' },
    why: 'VASE_ETCD names it',
  });
});

test.each(['3.5.33', '3.6.9', '3.7.3'])(
  '%s on PATH is taken, also behind one with faults',
  async (version) => {
    put('old', '3.4.23');
    put('sound', version);
    put('bin/fetched/3.6.16', '3.6.16');
    expect(await chooseEtcd(search('old', 'sound'))).toMatchObject({
      binary: { path: at('sound'), version },
      passedOver: [expect.stringContaining(`${at('old')}: etcd 3.4.23 has known faults: `)],
    });
  },
);

test.each(['3.4.44', '3.5.27', '3.6.8', '3.8.0', 'none'])(
  '%s on PATH is passed over with a reason for what was fetched or built',
  async (version) => {
    put('path', version);
    put('bin/fetched/3.6.14', '3.6.14');
    const one = await chooseEtcd(search('path'));
    expect(one).toMatchObject({ binary: { version: '3.6.14' }, why: 'it was fetched or built before' });
    expect(one.passedOver).toEqual([expect.stringContaining(`${at('path')}: `)]);
    put('bin/fetched/3.6.16', '3.6.16');
    expect((await chooseEtcd(search('path'))).binary?.path).toBe(at('bin/fetched/3.6.16'));
  },
);

test('one of another minor that was fetched on demand is not chosen, but before one with faults', async () => {
  put('old', '3.4.23');
  put('bin/fetched/3.7.3', '3.7.3');
  expect(await chooseEtcd(search('old'))).toMatchObject({
    binary: null,
    lastResort: { path: at('old'), version: '3.4.23' },
  });
  expect((await obtain('old')).binary.version).toBe('3.7.3');
});

test('where nothing else can be had, one with faults is taken and the reasons are told', async () => {
  put('old', '3.4.23');
  const { binary, why, passedOver } = await obtain('old');
  expect(binary.path).toBe(at('old'));
  expect(why).toMatch(
    /^none without known faults could be had \(.*3\.6\.14 from its release page: .*; .*no Go/,
  );
  expect(passedOver).toEqual([expect.stringContaining('3.4.23 has known faults')]);
  // The only one of an earlier Vase.
  put('bin/fetched', '3.5.21');
  expect((await obtain()).binary.version).toBe('3.5.21');
});

test('where there is none at all, the error says what was tried and what to do', async () => {
  put('old', '3.3.25');
  putScript(join(root, 'tools'), 'apt-get', 'exit 1');
  await expect(obtain('old')).rejects.toMatchObject({
    message: expect.stringMatching(
      /version 3\.3\.25 is older than 3\.4\.\n.*release page.*\n.*no Go.*\n.*package etcd-server/,
    ),
    nextStep: expect.stringContaining('VASE_ETCD='),
  });
});
