/**
 * A cluster's authorities and certificates in one folder that only its owner can read. A valid certificate is kept; one that
 * is missing, about to expire, or for other names than the requested ones is made anew.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CertificateRequest } from '../manifests/certificates.ts';
import type { KeyPair } from './issue-certificate.ts';

/** A certificate with the authority that checks it. PEM. */
export interface IssuedCertificate extends KeyPair {
  authority: string;
}

const dayMs = 86_400_000;
/** A certificate with less time left is made anew: a cluster that is deployed once a quarter never sees one expire. */
const renewDays = 120;

/** @returns the certificates by name of the secret. */
export async function ensureCertificates(
  folder: string,
  requests: readonly CertificateRequest[],
  nowMs: number,
): Promise<Map<string, IssuedCertificate>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const issuing = await import('./issue-certificate.ts');
  const authorities = new Map<string, KeyPair>();
  for (const name of new Set(requests.map(({ authority }) => authority))) {
    let authority = await readPair(folder, name);
    if (authority === null || expiresSoon(authority, nowMs)) {
      authority = await issuing.issueAuthority(name, nowMs);
      await writePair(folder, name, authority);
    }
    authorities.set(name, authority);
  }
  const issued = new Map<string, IssuedCertificate>();
  for (const request of requests) {
    const authority = authorities.get(request.authority)!;
    let pair = await readPair(folder, request.secret);
    if (pair === null || expiresSoon(pair, nowMs) || !answers(pair, { request, authority })) {
      pair = await issuing.issueCertificate(request, { authority, nowMs });
      await writePair(folder, request.secret, pair);
    }
    issued.set(request.secret, { ...pair, authority: authority.certificate });
  }
  return issued;
}

export interface EndingCertificate {
  /** Name of the secret, or of the authority. */
  name: string;
  daysLeft: number;
}

/** The certificates that `ensureCertificates` would make anew because they end soon, or have ended; the first to end first. */
export async function endingCertificates(folder: string, nowMs: number): Promise<EndingCertificate[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ending: EndingCertificate[] = [];
  for (const file of files.filter((name) => name.endsWith('.crt'))) {
    const daysLeft = daysLeftOf(await readFile(path.join(folder, file), 'utf8'), nowMs);
    if (daysLeft < renewDays) ending.push({ name: path.basename(file, '.crt'), daysLeft });
  }
  return ending.toSorted((a, b) => a.daysLeft - b.daysLeft);
}

async function readPair(folder: string, name: string): Promise<KeyPair | null> {
  try {
    const [certificate, key] = await Promise.all([
      readFile(path.join(folder, `${name}.crt`), 'utf8'),
      readFile(path.join(folder, `${name}.key`), 'utf8'),
    ]);
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
      ? { certificate, key }
      : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Writes the key first: a certificate that an interruption left without its key would be useless. Each file is whole or absent. */
async function writePair(folder: string, name: string, pair: KeyPair): Promise<void> {
  for (const [suffix, text] of [
    ['key', pair.key],
    ['crt', pair.certificate],
  ] as const) {
    const file = path.join(folder, `${name}.${suffix}`);
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

function expiresSoon({ certificate }: KeyPair, nowMs: number): boolean {
  return daysLeftOf(certificate, nowMs) < renewDays;
}

function daysLeftOf(certificate: string, nowMs: number): number {
  return (new X509Certificate(certificate).validToDate.getTime() - nowMs) / dayMs;
}

/** Whether the authority signed it, for exactly these names. */
function answers(
  pair: KeyPair,
  { request, authority }: { request: CertificateRequest; authority: KeyPair },
): boolean {
  const certificate = new X509Certificate(pair.certificate);
  const wanted = [
    ...request.dnsNames.map((name) => `DNS:${name}`),
    ...request.ipAddresses.map((address) => `IP Address:${address}`),
  ];
  return (
    certificate.verify(new X509Certificate(authority.certificate).publicKey) &&
    certificate.subject === `CN=${request.commonName}` &&
    (certificate.subjectAltName ?? '') === wanted.join(', ')
  );
}
