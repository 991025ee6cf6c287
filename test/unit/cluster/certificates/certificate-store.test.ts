import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ensureCertificates,
  type IssuedCertificate,
} from '../../../../cluster/certificates/certificate-store.ts';
import { certificateRequests } from '../../../../cluster/manifests/certificates.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';

const requests = certificateRequests(parseTopology({ shards: 1, members: 3 }));
const dayMs = 86_400_000;
const nowMs = Date.now();
let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'vase-certificates-')), 'certificates');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

async function shake(
  server: IssuedCertificate,
  client: IssuedCertificate,
  servername: string,
): Promise<string> {
  const listener = createServer({
    ca: server.authority,
    cert: server.certificate,
    key: server.key,
    requestCert: true,
  });
  listener.on('tlsClientError', () => undefined);
  listener.on('secureConnection', (socket: TLSSocket) =>
    socket.end(String(socket.getPeerCertificate().subject.CN)),
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername,
    ca: client.authority,
    cert: client.certificate,
    key: client.key,
  });
  try {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString();
  } finally {
    socket.destroy();
    listener.close();
  }
}

test('sharders and members can shake hands under the names of the request, and no others', async () => {
  const issued = await ensureCertificates(folder, requests, nowMs);
  const [server, sharder] = [issued.get('etcd-1-server-tls')!, issued.get('sharder-tls')!];
  expect(await shake(server, sharder, 'etcd-1-2.etcd-1.vase.svc')).toBe('sharder');
  await expect(shake(server, sharder, 'etcd-1-3.etcd-1.vase.svc')).rejects.toThrow(/altnames/);
  await expect(shake(issued.get('etcd-1-peer-tls')!, sharder, 'etcd-1-2.etcd-1.vase.svc')).rejects.toThrow();
});

test('each certificate has the names and usages of its request, and its authority signed it', async () => {
  const issued = await ensureCertificates(folder, requests, nowMs);
  for (const request of requests) {
    const { certificate, authority } = issued.get(request.secret)!;
    const parsed = new X509Certificate(certificate);
    expect(parsed.checkIssued(new X509Certificate(authority))).toBe(true);
    expect(parsed.ca).toBe(false);
    const names = request.dnsNames.map((name) => `DNS:${name}`);
    const addresses = request.ipAddresses.map((address) => `IP Address:${address}`);
    expect(parsed.subjectAltName ?? '').toBe([...names, ...addresses].join(', '));
    expect(parsed.keyUsage).toHaveLength(request.usages.length);
  }
});

test('only the owner can read what is written', async () => {
  await ensureCertificates(folder, requests, nowMs);
  const modes = readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777);
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('what is there and still right is kept', async () => {
  const first = await ensureCertificates(folder, requests, nowMs);
  expect(await ensureCertificates(folder, requests, nowMs + 30 * dayMs)).toEqual(first);
});

test('what is about to expire, for other names, or torn by an interruption is made anew, by the same authority', async () => {
  const first = await ensureCertificates(folder, requests, nowMs);
  const late = await ensureCertificates(folder, requests, nowMs + 800 * dayMs);
  const more = await ensureCertificates(
    folder,
    certificateRequests(parseTopology({ shards: 1, members: 5 })),
    nowMs,
  );
  truncateSync(join(folder, 'sharder-tls.key'), 0);
  await expect(ensureCertificates(folder, requests, nowMs)).rejects.toThrow();
  rmSync(join(folder, 'sharder-tls.key'));
  const torn = await ensureCertificates(folder, requests, nowMs);
  for (const later of [late, more, torn]) {
    expect(later.get('sharder-tls')!.authority).toBe(first.get('sharder-tls')!.authority);
  }
  expect(late.get('sharder-tls')!.certificate).not.toBe(first.get('sharder-tls')!.certificate);
  expect(more.get('etcd-1-server-tls')!.certificate).not.toBe(late.get('etcd-1-server-tls')!.certificate);
  expect(torn.get('sharder-tls')!.certificate).not.toBe(more.get('sharder-tls')!.certificate);
});
