import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureCertificates } from '../../../../../cluster/certificates/certificate-store.ts';
import { certificateRequests } from '../../../../../cluster/manifests/certificates.ts';
import { findEndingCertificates } from '../../../../../cluster/providers/gke/certificate-ends.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';

const dayMs = 86_400_000;

test('certificates that end soon or have ended are one problem, and none where there are none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vase-certificates-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const nowMs = Date.now();
  const after = async (days: number) =>
    (await findEndingCertificates(folder, nowMs + days * dayMs)).map(({ what }) => what);
  expect(await after(0)).toEqual([]);
  const requests = certificateRequests(parseTopology({ shards: 1, members: 1 }));
  await ensureCertificates(folder, requests, nowMs);
  expect(await after(700)).toEqual([]);
  const others = ` and ${requests.length - 1} more end soon`;
  expect(await after(800)).toEqual([
    expect.stringMatching(`^the certificate .* ends in 24 days${others}$|ends in 25 days${others}$`),
  ]);
  expect(await after(830)).toEqual([expect.stringContaining(`has ended${others}`)]);
  expect(await findEndingCertificates(join(folder, 'none'), nowMs)).toEqual([]);
});
