import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findSecrets, secretsIn } from '../../../../cluster/image/find-secrets.ts';

// Put together here, so that no scanner, this one included, takes the test for a leak.
const letters = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8';
const join = (...parts: string[]) => parts.join('');

test.each([
  ['a private key', join('-----BEGIN RSA PRIV', 'ATE KEY-----\n', letters)],
  ['an AWS access key', join('key = AK', 'IA', 'ABCDEFGHIJKLMNOP')],
  ['a Google API key', join('AI', 'za', letters.slice(0, 35))],
  ['a GitHub token', join('gh', 'p_', letters)],
  ['an npm token', join('npm', '_', letters)],
  ['a registry token', join('//registry.test/:_auth', 'Token=abc')],
])('finds %s in a text', (what, text) => {
  expect(secretsIn(`before\n${text}\nafter`)).toContain(what);
});

test('finds nothing in code that only speaks of secrets', () => {
  const code =
    'const token = request.token; // -----BEGIN PRIVATE KEY----- is the first line\nif (npm_config) {}';
  expect(secretsIn(code)).toEqual([]);
});

test('finds files by their names, wherever they lie, and says which', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'vase-secrets-'));
  const files = [
    'a/.npmrc',
    'a/.env.local',
    'b/.git/config',
    '.vase/state',
    'tls.key',
    'good/environment.ts',
  ];
  try {
    for (const file of files) {
      await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
      await writeFile(path.join(folder, file), '');
    }
    const found = await findSecrets(folder, files);
    expect(found.map(({ file }) => file)).toEqual(files.slice(0, -1));
  } finally {
    await rm(folder, { recursive: true });
  }
});
