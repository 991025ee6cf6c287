// Which releases of etcd the contract has been held against: what this machine has not is named, never left out in silence.
import { expect, test } from 'vitest';
import { releaseNames, releases } from '../../sim/etcd/release.ts';
import { findEtcds } from '../support/etcd-releases.ts';

const etcds = findEtcds(process.env);

test.for(releaseNames)('the contract is held against a real etcd %s', (release, context) => {
  const etcd = etcds.get(release);
  if (etcd === undefined) {
    const reason = `etcd ${release} is NOT RUN: neither VASE_ETCD_RELEASES nor PATH has one`;
    process.stderr.write(`${reason}\n`);
    return context.skip(reason);
  }
  expect(releases[release].version.startsWith(`${release}.`)).toBe(true);
  expect(etcd.version.startsWith(`${release}.`)).toBe(true);
});
