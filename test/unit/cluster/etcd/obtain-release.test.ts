// What is fetched or built, from a server, a `go`, and an `apt-get` of the test's own, and what stays of it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { obtainPackage, obtainRelease } from '../../../../cluster/etcd/obtain-release.ts';
import type { EtcdRelease } from '../../../../cluster/etcd/releases.ts';
import { putFakeEtcd, putScript } from '../../../support/fake-etcd.ts';

let root: string;
let fetched: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-obtain-'));
  fetched = join(root, 'bin', 'fetched');
  mkdirSync(join(root, 'module'));
  mkdirSync(join(root, 'tools'));
  const path = process.env['PATH'];
  process.env['PATH'] = `${join(root, 'tools')}:/usr/bin:/bin`;
  onTestFinished(() => {
    process.env['PATH'] = path;
    rmSync(root, { recursive: true, force: true });
  });
});

const { signal } = new AbortController();
const search = () => ({ searchPath: '', binaries: join(root, 'bin') });
const platform = 'test-platform';

async function obtain(candidates: EtcdRelease[], told: string[] = []) {
  const progress = (text: string) => void told.push(text);
  return obtainRelease(candidates, search(), { signal, platform, progress });
}

/** @param contains the version that the program in the archive says. */
async function archived(version: string, contains: string, spoil = ''): Promise<EtcdRelease> {
  const folder = `etcd-${version}-${contains}`;
  putFakeEtcd(join(root, 'archives', folder), contains);
  const file = join(root, `${folder}.tar.gz`);
  execFileSync('tar', ['-czf', file, '-C', join(root, 'archives'), folder]);
  const bytes = readFileSync(file);
  const server = createServer((_request, response) => void response.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${folder}.tar.gz`;
  const sha256 = createHash('sha256').update(bytes).update(spoil).digest('hex');
  return { version, archives: { [platform]: { url, sha256, folder } }, module: null };
}

const built = (version: string): EtcdRelease => ({ version, archives: {}, module: join(root, 'module') });

/** A `go` whose builds say that they are of this version. */
function putGo(version: string, rest = ''): void {
  const made = join(putFakeEtcd(join(root, 'made'), version), 'etcd');
  putScript(
    join(root, 'tools'),
    'go',
    `case "$1" in
  env) echo go1.99; exit;;
esac
echo "$PWD $GOTOOLCHAIN $*" >>${root}/asked
echo net/http >&2
${rest}
while [ "$1" != -o ]; do shift; done
cp ${made} "$2"`,
  );
}

test('an archive is tried before a build, of an older patch too, and both are kept by their version', async () => {
  putGo('3.6.16');
  const candidates = [built('3.6.16'), await archived('3.6.14', '3.6.14')];
  const path = join(fetched, '3.6.14', 'etcd');
  expect(await obtain(candidates)).toMatchObject({ binary: { path, version: '3.6.14' }, failures: [] });
  expect(readdirSync(fetched)).toEqual(['3.6.14']);
  expect((await obtain([built('3.6.16')])).binary?.path).toBe(join(fetched, '3.6.16', 'etcd'));

  // What is there is not made again.
  rmSync(join(root, 'asked'));
  expect((await obtain(candidates)).binary?.version).toBe('3.6.16');
  expect(readdirSync(root)).not.toContain('asked');
  expect(readdirSync(fetched).toSorted()).toEqual(['3.6.14', '3.6.16']);
});

test('a wrong digest, or a program of another release, is not believed: the next is tried, and nothing of it stays', async () => {
  putGo('3.6.16');
  const told: string[] = [];
  const candidates = [
    await archived('3.6.14', '3.6.14', 'x'),
    await archived('3.6.13', '3.6.12'),
    built('3.6.16'),
  ];
  const { binary, failures } = await obtain(candidates, told);
  expect(binary?.version).toBe('3.6.16');
  expect(failures).toEqual([
    expect.stringMatching(/^etcd 3\.6\.14 from its release page: .*not the pinned/),
    'etcd 3.6.13 from its release page: says that it is etcd 3.6.12, not 3.6.13',
  ]);
  expect(told).toContain(failures[1]);
  expect(told).toContain('etcd 3.6.16 built with Go: 1 packages compiled by go1.99');
  expect(readdirSync(fetched)).toEqual(['3.6.16']);
  expect(readFileSync(join(root, 'asked'), 'utf8')).toMatch(
    /\/module local build -mod=readonly .*go\.etcd\.io\/etcd\/server\/v3\n$/,
  );
});

test('a build of another release is not believed, and one that fails says why', async () => {
  putGo('3.6.15');
  expect(await obtain([built('3.6.16')])).toEqual({
    binary: null,
    failures: ['etcd 3.6.16 built with Go: says that it is etcd 3.6.15, not 3.6.16'],
  });
  putGo('3.6.16', 'echo "go.mod requires go >= 1.26 (running go 1.99)" >&2; exit 1');
  expect((await obtain([built('3.6.16')])).failures).toEqual([
    'etcd 3.6.16 built with Go: go1.99: go.mod requires go >= 1.26 (running go 1.99)',
  ]);
  process.env['PATH'] = join(root, 'module');
  expect((await obtain([built('3.6.16')])).failures).toEqual([
    'etcd 3.6.16 built with Go: this machine has no Go that can be run',
  ]);
  expect(readdirSync(fetched)).toEqual([]);
  expect((await obtain([{ version: '3.6.14', archives: {}, module: null }])).failures).toEqual([
    'no archive of etcd 3.6.14 is pinned for test-platform',
  ]);
});

test('one that is there and is not what its folder says is made again', async () => {
  putGo('3.6.16');
  putFakeEtcd(join(fetched, '3.6.16'), '3.4.23');
  expect((await obtain([built('3.6.16')])).binary?.version).toBe('3.6.16');
});

test('what an interrupt has stopped leaves nothing, nor does a command that was killed long ago', async () => {
  const interrupt = new AbortController();
  putGo('3.6.16', 'while :; do sleep 0.1; done');
  const old = join(fetched, '.fetch-old');
  mkdirSync(old, { recursive: true });
  utimesSync(old, 0, 0);
  const progress = (text: string) => {
    if (text.includes('compiled')) interrupt.abort(new Error('stop'));
  };
  const options = { signal: interrupt.signal, platform, progress };
  await expect(obtainRelease([built('3.6.16')], search(), options)).rejects.toThrow('stop');
  expect(readdirSync(fetched)).toEqual([]);
});

test("the distribution's package is kept by the version that it says, or refused where another is wanted", async () => {
  const packed = putFakeEtcd(join(root, 'packed'), '3.4.23');
  putScript(join(root, 'tools'), 'apt-get', 'touch etcd-server.deb');
  putScript(join(root, 'tools'), 'dpkg', `mkdir -p "$3/usr/bin" && cp ${packed}/etcd "$3/usr/bin/etcd"`);
  expect((await obtainPackage(search(), { signal }, '3.5.16')).failures).toEqual([
    "the distribution's package etcd-server: says that it is etcd 3.4.23, not 3.5.16",
  ]);
  expect((await obtainPackage(search(), { signal })).binary?.path).toBe(join(fetched, '3.4.23', 'etcd'));
});
