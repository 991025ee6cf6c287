// The table of what can be fetched or built, and the modules that it names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isSound } from '../../../../cluster/etcd/data-bugs.ts';
import { defaultMinor, releases, releasesFor } from '../../../../cluster/etcd/releases.ts';

const versions = (wanted: string) => releasesFor(wanted).map(({ version }) => version);

test('a version is itself, a minor its sound patches, newest first', () => {
  expect(versions('3.6')).toEqual(['3.6.16', '3.6.14']);
  expect(versions('3.7')).toEqual(['3.7.3', '3.7.1']);
  expect(versions('3.5')).toEqual(['3.5.33']);
  expect(versions('3.5.21')).toEqual(['3.5.21']);
  for (const none of ['3.4', '3', '', '3.6.1']) expect(versions(none)).toEqual([]);
});

test('each is to be had in some way, from a whole digest and a name that agrees with its platform', () => {
  for (const { version, archives, module } of releases) {
    expect(Object.keys(archives).length > 0 || module !== null).toBe(true);
    for (const [platform, { url, sha256, folder }] of Object.entries(archives)) {
      const name = platform.replace('x64', 'amd64');
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(folder).toBe(`etcd-v${version}-${name}`);
      expect(url).toMatch(
        new RegExp(`/v${version}/${folder}\\.${name.startsWith('linux') ? 'tar\\.gz' : 'zip'}$`),
      );
    }
  }
  const digests = releases.flatMap(({ archives }) => Object.values(archives).map(({ sha256 }) => sha256));
  expect(new Set(digests).size).toBe(digests.length);
});

test('each module names the release that it is built into, and has its checksum', () => {
  const built = releases.filter(({ module }) => module !== null);
  expect(built.map(({ version }) => version)).toEqual(['3.7.3', '3.6.16', '3.5.33']);
  for (const { version, module } of built) {
    const server = `go.etcd.io/etcd/server/v3 v${version}`;
    expect(readFileSync(join(module!, 'go.mod'), 'utf8')).toContain(`\t${server} `);
    expect(readFileSync(join(module!, 'go.sum'), 'utf8')).toContain(`${server} h1:`);
    expect(isSound(version)).toBe(true);
  }
  expect(versions(defaultMinor).length).toBeGreaterThan(0);
});
