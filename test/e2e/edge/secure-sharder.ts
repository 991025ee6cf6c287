/** A sharder of a real cluster that speaks TLS with its users, as on GKE's public endpoint. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { expect } from 'vitest';
import { issueAuthority, issueCertificate } from '../../../cluster/certificates/issue-certificate.ts';
import { sharderNodeFlags } from '../../../sharder/node-flags.ts';
import type { LocalCluster } from '../../support/local-cluster.ts';
import { checkout } from '../vase-command.ts';

const readyMsMax = 60_000;
const pollMs = 100;

export interface SecureSharder {
  /** "https://127.0.0.1:port" */
  user: string;
  admin: string;
  /** Fails when its process has ended, or does not serve. */
  expectServing(): Promise<void>;
  close(): Promise<void>;
}

export async function startSecureSharder({ provider }: LocalCluster): Promise<SecureSharder> {
  const folder = mkdtempSync(join(tmpdir(), 'vase-tls-'));
  const nowMs = Date.now();
  const authority = await issueAuthority('vase-test', nowMs);
  const request = {
    secret: 'endpoint',
    authority: 'vase-test',
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server auth' as const],
  };
  const { certificate, key } = await issueCertificate(request, { authority, nowMs });
  const [certificateFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const [port, adminPort] = [await getPort(), await getPort()];
  const { shards } = await provider.status();
  const child = spawn(process.execPath, [...sharderNodeFlags, join(checkout, 'sharder', 'main.ts')], {
    stdio: 'ignore',
    env: {
      NODE_ENV: 'production',
      VASE_HOME: shards[0]!.members.map(({ endpoint }) => endpoint).join(','),
      VASE_PORT: String(port),
      VASE_ADMIN_PORT: String(adminPort),
      VASE_HTTPS_CERT: certificateFile,
      VASE_HTTPS_KEY: keyFile,
    },
  });
  const exited = once(child, 'exit');
  const user = `https://127.0.0.1:${port}`;
  const status = () =>
    new Promise<number | null>((resolve) => {
      const options = { ca: authority.certificate, agent: false };
      get(`${user}/readyz`, options, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', () => resolve(null));
    });
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadlineMs = performance.now() + readyMsMax;
  while ((await status()) !== 200) {
    if (performance.now() < deadlineMs && child.exitCode === null) {
      await delay(pollMs);
      continue;
    }
    await close();
    throw new Error('the sharder that speaks TLS does not get ready');
  }
  return {
    user,
    admin: `http://127.0.0.1:${adminPort}`,
    async expectServing() {
      expect({ exitCode: child.exitCode, status: await status() }).toEqual({ exitCode: null, status: 200 });
    },
    close,
  };
}
