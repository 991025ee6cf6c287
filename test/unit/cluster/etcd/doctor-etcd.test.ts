// What `doctor` says of an etcd with known faults, from programs that only tell their version.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { examineMachine } from '../../../../cluster/doctor.ts';
import { putFakeEtcd } from '../../../support/fake-etcd.ts';

async function findingOf(version: string, isOfCluster: boolean) {
  const root = mkdtempSync(join(tmpdir(), 'vase-etcd-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = putFakeEtcd(join(root, 'path'), version);
  const findings = await examineMachine({
    stateRoot: root,
    binaries: join(root, 'bin'),
    environment: { PATH: folder },
    port: 0,
    endpoint: 'http://127.0.0.1:1',
    etcd: isOfCluster ? { path: join(folder, 'etcd'), version } : null,
  });
  return findings.find(({ what }) => what.startsWith('etcd '))!;
}

test.each([false, true])(
  'known faults are a note with what to do, and do not fail it; of a cluster: %s',
  async (isOfCluster) => {
    expect(await findingOf('3.4.23', isOfCluster)).toEqual({
      grade: 'note',
      what: expect.stringMatching(/has known faults: .*do not support 3\.4; .*\(etcd #20418\)/),
      fix: expect.stringContaining('3.6.16'),
    });
    expect(await findingOf('3.6.16', isOfCluster)).toMatchObject({ grade: 'good', fix: null });
  },
  60_000,
);
