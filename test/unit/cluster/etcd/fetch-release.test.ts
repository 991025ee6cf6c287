// A release served by a local HTTP server: an archive made here, fetched with a right and a wrong digest.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { fetchRelease } from '../../../../cluster/etcd/fetch-release.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-fetch-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

const signal = new AbortController().signal;

function makeArchive(): Buffer {
  const folder = join(root, 'archive', 'etcd-v1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'etcd'), '#!/bin/sh\necho made for the test\n', { mode: 0o755 });
  writeFileSync(join(folder, 'README.md'), 'not needed');
  execFileSync('tar', ['-czf', join(root, 'etcd.tar.gz'), '-C', join(root, 'archive'), 'etcd-v1']);
  return readFileSync(join(root, 'etcd.tar.gz'));
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/etcd.tar.gz`;
}

function fetchFrom(url: string, sha256: string): Promise<string> {
  const workFolder = join(root, 'work');
  mkdirSync(workFolder);
  return fetchRelease({ url, sha256, folder: 'etcd-v1' }, { workFolder, signal });
}

test('an archive with the pinned digest becomes a program', async () => {
  const archive = makeArchive();
  const url = await serve((_request, response) => void response.end(archive));
  const path = await fetchFrom(url, createHash('sha256').update(archive).digest('hex'));
  expect(execFileSync(path).toString()).toBe('made for the test\n');
});

test('an archive with another digest is refused, and never unpacked', async () => {
  const url = await serve((_request, response) => void response.end(makeArchive()));
  await expect(fetchFrom(url, '0'.repeat(64))).rejects.toThrow('not the pinned 000');
  expect(readdirSync(join(root, 'work'))).toEqual(['etcd.tar.gz']);
});

test('a download that breaks off is a failure', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('only a part', () => response.destroy());
  });
  await expect(fetchFrom(url, '0'.repeat(64))).rejects.toThrow();
});

test.each(['nothing', 'a part'])(
  'who answers %s and is silent then is given up within seconds',
  async (answer) => {
    const url = await serve((_request, response) => {
      if (answer === 'a part') response.write('a part');
    });
    await expect(fetchFrom(url, '0'.repeat(64))).rejects.toThrow(`${url} was silent for 5 s`);
  },
);

test('an answer other than 200 is said, and an address that nobody has', async () => {
  const url = await serve((_request, response) => void response.writeHead(404).end());
  await expect(fetchFrom(url, '')).rejects.toThrow(`${url} answered 404`);
  rmSync(join(root, 'work'), { recursive: true });
  await expect(fetchFrom('http://127.0.0.1:1/etcd.tar.gz', '')).rejects.toThrow('cannot be reached');
});
