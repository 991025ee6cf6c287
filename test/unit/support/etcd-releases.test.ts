// Programs that say to be some etcd stand in for real ones.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { etcdsOfThisRun, findEtcds } from '../../support/etcd-releases.ts';

function folders(...versions: readonly string[]): string[] {
  const root = mkdtempSync(join(tmpdir(), 'vase-etcds-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return versions.map((version, at) => {
    const folder = join(root, String(at));
    mkdirSync(folder);
    if (version !== '') writeFileSync(join(folder, 'etcd'), `#!/bin/sh\necho "etcd Version: ${version}"\n`);
    if (version !== '') chmodSync(join(folder, 'etcd'), 0o755);
    return folder;
  });
}

const versionsOf = (environment: NodeJS.ProcessEnv): (string | undefined)[] =>
  ['3.4', '3.5', '3.6', '3.7'].map((name) => findEtcds(environment).get(name as '3.4')?.version);

test('the named folders come before PATH, and the first of a release counts', () => {
  const [one, other, third, empty] = folders('3.6.1', '3.5.2', '3.6.9', '');
  expect(
    versionsOf({ VASE_ETCD_RELEASES: [one, other].join(delimiter), PATH: [empty, third].join(delimiter) }),
  ).toEqual([undefined, '3.5.2', '3.6.1', undefined]);
});

test('a release that nobody knows on PATH is passed over', () => {
  const [old, next, known] = folders('3.3.9', '3.40.1', '3.4.23');
  expect(versionsOf({ VASE_ETCD_RELEASES: known, PATH: [old, next, '/nowhere'].join(delimiter) })).toEqual([
    '3.4.23',
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(['3.3.9', ''])('a named folder with nothing of use (%j) is a mistake', (version) => {
  const [folder] = folders(version);
  expect(() => findEtcds({ VASE_ETCD_RELEASES: folder, PATH: '' })).toThrow(folder);
});

test.each([
  ['quick', ['3.5.2']],
  ['rest', ['3.4.23', '3.6.1']],
  [undefined, ['3.4.23', '3.5.2', '3.6.1']],
])('of the set %s, the releases are %j', (set, expected) => {
  const [used, ...others] = folders('3.5.2', '3.6.1', '3.4.23');
  const environment = {
    VASE_ETCD_RELEASES: [used, ...others].join(delimiter),
    VASE_ETCD: join(used!, 'etcd'),
    ...(set === undefined ? {} : { VASE_TEST_SET: set }),
  };
  expect(etcdsOfThisRun(environment).map(({ version }) => version)).toEqual(expected);
});

test('a part without an etcd that is used is a mistake', () => {
  expect(() => etcdsOfThisRun({ VASE_TEST_SET: 'quick', PATH: '' })).toThrow('VASE_ETCD names no etcd');
});
