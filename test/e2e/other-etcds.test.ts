// The tests that use etcd most, once more on the oldest and on the newest release that people run: all other tests run only on
// the one that a new cluster gets. Each release is a separate run of these tests, as `VASE_ETCD=… vitest run …` would be.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CommandError } from '../../cluster/host/command-error.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { findEtcds } from '../support/etcd-releases.ts';
import { checkout } from './vase-command.ts';

const releases = ['3.4', '3.7'] as const;

/** Names of tests or of groups of tests, by file. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'test/e2e/local-members.test.ts': {
    'a member without the segments of its log':
      'members are removed, added as learners and promoted, under load',
  },
  'test/e2e/local-recover.test.ts': {
    'a shard of which two of three disks are lost':
      'a cluster is made of the data of one member: by etcdctl or etcdutl, which releases share differently',
  },
  'test/e2e/view-server.test.ts': {
    'a shard that joins': 'slots are copied, watched, stopped and cleared while view servers are killed',
  },
};

/** This much output of a failed run is shown: characters, from the end. */
const outputShownMax = 8000;

const files = Object.keys(reasons);
const names = Object.values(reasons).flatMap((tests) => Object.keys(tests));

test.for(releases)('members, recoveries and moves on etcd %s', async (release, context) => {
  const etcd = findEtcds(process.env).get(release);
  if (etcd === undefined) {
    const reason = `etcd ${release} is NOT RUN: neither VASE_ETCD_RELEASES nor PATH has one`;
    process.stderr.write(`${reason}\n`);
    return context.skip(reason);
  }
  const folder = mkdtempSync(join(tmpdir(), 'vase-other-etcds-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const report = join(folder, 'report.json');
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  await runCommand(process.execPath, [...vitest, ...reporters, ...files, '-t', names.join('|')], {
    cwd: checkout,
    extraEnvironment: { VASE_ETCD: etcd.path },
  }).catch((error: unknown) => {
    throw error instanceof CommandError ? new Error(error.output.slice(-outputShownMax)) : error;
  });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { fullName: string; status: string }[] }[];
  };
  const passed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
  );
  // A renamed test would be left out in silence.
  for (const name of names)
    expect(
      passed.filter((full) => full.startsWith(name)),
      name,
    ).not.toEqual([]);
});
