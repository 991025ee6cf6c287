// The release of a member's data, as each real etcd writes it into its database.
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDataRelease } from '../../cluster/etcd/data-release.ts';
import { etcdsOfThisRun } from '../support/etcd-releases.ts';
import { startRealEtcd } from '../support/real-etcd.ts';

test.for(etcdsOfThisRun(process.env))('data of etcd $version', async ({ release, path }) => {
  const folder = mkdtempSync(join(tmpdir(), 'vase-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const etcd = await startRealEtcd({ binary: path, folder });
  onTestFinished(() => etcd.stop());
  const data = join(folder, readdirSync(folder)[0]!, 'm0');
  // It is written soon after the first leader has been elected.
  await expect.poll(() => readDataRelease(data)).toBe(release);

  truncateSync(join(data, 'member', 'snap', 'db'), 100);
  expect(readDataRelease(data)).toBeNull();
  expect(readDataRelease(folder)).toBeNull();
});
