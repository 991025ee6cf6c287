// Which known bugs a release of etcd has, at both sides of each patch that mended one.
import { expect, test } from 'vitest';
import {
  dataBugNotes,
  dataBugsOf,
  describeDataBugs,
  isSupported,
} from '../../../../cluster/etcd/data-bugs.ts';

const issuesOf = (version: string) => dataBugsOf(version).map(({ issue }) => issue);

test.each([
  ['3.4.19', false],
  ['3.4.20', true],
  ['3.4.41', true],
  ['3.4.42', false],
  ['3.5.0', true],
  ['3.5.27', true],
  ['3.5.28', false],
  ['3.6.8', true],
  ['3.6.9-rc.1', true],
  ['3.6.9', false],
  ['3.7.0', false],
])('whether the stale read after a pause is in %s: %s', (version, has) => {
  expect(issuesOf(version).includes(20418)).toBe(has);
});

test.each([
  [17529, '3.4.30', '3.4.31'],
  [17529, '3.5.12', '3.5.13'],
  [19179, '3.4.35', '3.4.36'],
  [19179, '3.5.17', '3.5.18'],
  [15271, '3.4.24', '3.4.25'],
  [15271, '3.5.7', '3.5.8'],
  [null, '3.4.23', '3.4.24'],
  [null, '3.5.7', '3.5.8'],
  [15220, '3.4.24', '3.4.25'],
  [20221, '3.4.37', '3.4.38'],
  [20221, '3.5.21', '3.5.22'],
  [20221, '3.6.1', '3.6.2'],
  [14370, '3.4.20', '3.4.21'],
  [14370, '3.5.4', '3.5.5'],
  [13766, '3.5.2', '3.5.3'],
  [14685, '3.5.5', '3.5.6'],
])('#%s is in %s and not in %s', (issue, broken, mended) => {
  expect(issuesOf(broken)).toContain(issue);
  expect(issuesOf(mended)).not.toContain(issue);
});

test.each(['3.4.42', '3.5.28', '3.5.33', '3.6.9', '3.6.14', '3.6.16', '3.7.0', '3.7.3', '3.10.0'])(
  '%s has none of them',
  (version) => {
    expect(issuesOf(version)).toEqual([]);
  },
);

test("the two releases of Debian have what etcd's record says", () => {
  expect(issuesOf('3.4.23')).toEqual([20418, 17529, 19179, 15271, null, 15220, 20221]);
  expect(issuesOf('3.5.16')).toEqual([20418, 19179, 20221]);
});

test('3.5, 3.6 and 3.7 are supported', () => {
  const versions = ['3.4.44', '3.5.33', '3.6.16', '3.7.3', '3.8.0', '3.70.1'];
  expect(versions.filter((version) => isSupported(version))).toEqual(['3.5.33', '3.6.16', '3.7.3']);
});

test('a sentence names the end of support and each bug, and nothing is said of a good release', () => {
  expect(describeDataBugs('3.6.16')).toBeNull();
  expect(describeDataBugs('3.6.8')).toBe(
    'etcd 3.6.8 has known faults: a linearizable read can be stale after a process was paused (etcd #20418).',
  );
  expect(describeDataBugs('3.4.42')).toBe(
    "etcd 3.4.42 has known faults: etcd's maintainers do not support 3.4.",
  );
});

test('of what runs, each release with known faults is noted once, with what to do', () => {
  expect(dataBugNotes(['3.6.16', null, undefined], 'Do this.')).toEqual([]);
  expect(dataBugNotes(['3.4.42', '3.6.16', '3.4.42', '3.6.8'], 'Do this.')).toEqual([
    "etcd 3.4.42 has known faults: etcd's maintainers do not support 3.4. Do this.",
    `${describeDataBugs('3.6.8')} Do this.`,
  ]);
});
