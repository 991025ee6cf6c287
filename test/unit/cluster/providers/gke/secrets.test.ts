import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gkeBlueprint } from '../../../../../cluster/providers/gke/gke-blueprint.ts';
import { type GkeFiles, gkeFiles } from '../../../../../cluster/providers/gke/gke-files.ts';
import { applySecrets, prepareSecrets } from '../../../../../cluster/providers/gke/secrets.ts';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../../../../cluster/kubernetes/kubernetes-objects.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';
import { publicTarget } from '../../../../support/gke/every-command.ts';

const topology = parseTopology({ shards: 1, members: 1 });
const blueprint = gkeBlueprint(publicTarget, { topology, image: 'vase:1', secretsMark: null });
let files: GkeFiles;
beforeEach(() => {
  files = gkeFiles(mkdtempSync(join(tmpdir(), 'vase-secrets-')));
});
afterEach(() => rmSync(join(files.folder, '..'), { recursive: true, force: true }));

const prepare = (from = files) =>
  prepareSecrets(blueprint, { files: from, address: '203.0.113.7', nowMs: Date.now() });

/** Keeps what is applied. */
function memoryClient() {
  const stored = new Map<string, ApiObject>();
  const client = {
    read: async ({ name }: { name: string }) => stored.get(name) ?? null,
    apply: async (object: ApiObject) => {
      const before = stored.get(object.metadata.name);
      const isSame =
        JSON.stringify((before as { data?: object })?.data) ===
        JSON.stringify((object as { data?: object }).data);
      const version = Number(before?.metadata.resourceVersion ?? 0) + (isSame ? 0 : 1);
      const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
      stored.set(object.metadata.name, after);
      return after;
    },
  } as unknown as KubernetesClient;
  return { client, stored };
}

test('the secrets are those that the pods mount, and how this machine speaks to members is in none of them', async () => {
  const { secrets, operator } = await prepare();
  const names = secrets.map(({ metadata }) => metadata.name);
  for (const name of [
    'etcd-1-server-tls',
    'etcd-1-peer-tls',
    'sharder-tls',
    'sharder-endpoint-tls',
    'sharder-token',
  ]) {
    expect(names).toContain(name);
  }
  expect(operator).not.toBeNull();
  expect(JSON.stringify(secrets)).not.toContain(operator!.key.toString('base64'));
});

test('the token is long, kept for the owner alone, and the same the next time', async () => {
  const first = await prepare();
  const token = readFileSync(files.token, 'utf8');
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(statSync(files.token).mode & 0o777).toBe(0o600);
  expect(await prepare()).toEqual(first);
});

test('the mark that restarts sharders changes with what they read, and only then', async () => {
  const first = await prepare();
  const elsewhere = await prepareSecrets(blueprint, { files, address: '203.0.113.8', nowMs: Date.now() });
  expect((await prepareSecrets(blueprint, { files, address: '203.0.113.8', nowMs: Date.now() })).mark).toBe(
    elsewhere.mark,
  );
  expect(elsewhere.mark).not.toBe(first.mark);
});

test('secrets are applied once; those of another authority are not put over those that members trust', async () => {
  const { client, stored } = memoryClient();
  const first = await prepare();
  expect(await applySecrets(client, first)).toHaveLength(first.secrets.length);
  expect(await applySecrets(client, first)).toEqual([]);
  const before = structuredClone(stored);
  const elsewhere = await prepare(gkeFiles(join(files.folder, 'elsewhere')));
  await expect(applySecrets(client, elsewhere)).rejects.toThrow(/signed by another authority/);
  expect(stored).toEqual(before);
});
