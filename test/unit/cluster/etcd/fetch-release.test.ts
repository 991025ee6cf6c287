// A release served by a local HTTP server: an archive made here, fetched with a right and a wrong digest.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

function releaseAt(url: string, sha256: string) {
  const folder = join(root, 'fetched');
  return {
    folder,
    signal,
    platform: 'test-platform',
    release: { version: '1', archives: { 'test-platform': { url, sha256, folder: 'etcd-v1' } } },
  };
}

test('an archive with the pinned digest becomes a program, and nothing else stays', async () => {
  const archive = makeArchive();
  const url = await serve((_request, response) => void response.end(archive));
  const options = releaseAt(url, createHash('sha256').update(archive).digest('hex'));
  const path = await fetchRelease(options);
  expect(path).toBe(join(options.folder, 'etcd'));
  expect(execFileSync(path).toString()).toBe('made for the test\n');
  expect(readdirSync(options.folder)).toEqual(['etcd']);
});

test('an archive with another digest is refused, and nothing stays', async () => {
  const url = await serve((_request, response) => void response.end(makeArchive()));
  const options = releaseAt(url, '0'.repeat(64));
  await expect(fetchRelease(options)).rejects.toThrow('not the pinned 000');
  expect(readdirSync(options.folder)).toEqual([]);
});

test('a program that is there stays when the fetch of another fails', async () => {
  const url = await serve((_request, response) => void response.end('no archive'));
  const options = releaseAt(url, '0'.repeat(64));
  mkdirSync(options.folder);
  writeFileSync(join(options.folder, 'etcd'), 'old');
  await expect(fetchRelease(options)).rejects.toThrow('SHA-256');
  expect(readFileSync(join(options.folder, 'etcd'), 'utf8')).toBe('old');
});

test('a download that breaks off leaves nothing', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('only a part', () => response.destroy());
  });
  const options = releaseAt(url, '0'.repeat(64));
  await expect(fetchRelease(options)).rejects.toThrow();
  expect(readdirSync(options.folder)).toEqual([]);
});

test('an answer other than 200 is said', async () => {
  const url = await serve((_request, response) => void response.writeHead(404).end());
  await expect(fetchRelease(releaseAt(url, ''))).rejects.toThrow(`${url} answered 404`);
});

test('a platform without a pinned digest is not fetched', async () => {
  const options = { ...releaseAt('http://127.0.0.1:1/', ''), platform: 'other' };
  await expect(fetchRelease(options)).rejects.toThrow('no release is pinned for other');
  expect(statSync(options.folder, { throwIfNoEntry: false })).toBeUndefined();
});
