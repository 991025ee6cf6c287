// What `doctor` says of an etcd with known faults, from programs that only tell their version.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { examineMachine } from '../../../../cluster/providers/doctor.ts';
import { putFakeEtcd } from '../../../support/fake-etcd.ts';

async function findingOf(version: string, isOfCluster: boolean, environment: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'vase-etcd-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = putFakeEtcd(join(root, 'path'), version);
  const findings = await examineMachine({
    stateRoot: root,
    binaries: join(root, 'bin'),
    environment: { PATH: folder, ...environment },
    port: 0,
    endpoint: 'http://127.0.0.1:1',
    etcd: isOfCluster ? { path: join(folder, 'etcd'), version } : null,
  });
  return findings.find(({ what }) => /^(etcd|no etcd|VASE_ETCD) /.test(what))!;
}

test.each([false, true])(
  'known faults are a note with what to do, and do not fail it; of a cluster: %s',
  async (isOfCluster) => {
    expect(await findingOf('3.4.23', isOfCluster)).toEqual({
      grade: 'note',
      what: expect.stringMatching(/has known faults: .*do not support 3\.4; .*\(etcd #20418\)/),
      fix: expect.stringContaining('etcd 3.6'),
    });
    expect(await findingOf('3.6.16', isOfCluster)).toMatchObject({ grade: 'good', fix: null });
  },
  60_000,
);

test('VASE_ETCD that cannot be used, or is not what the cluster runs, is a fault with a fix', async () => {
  const wrong = await findingOf('3.6.16', false, { VASE_ETCD: '/nowhere' });
  expect(wrong).toMatchObject({ grade: 'fault', what: expect.stringContaining('VASE_ETCD names /nowhere') });
  expect(wrong.fix).toContain('`vase etcd 3.6`');
});
