import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { etcdArguments } from '../../cluster/manifests/etcd-arguments.ts';
import { etcdCapabilities } from '../../cluster/manifests/etcd-capabilities.ts';
import { etcdProbes } from '../../cluster/manifests/etcd-probes.ts';
import { memberHost } from '../../cluster/manifests/names.ts';
import { overlays } from '../../cluster/manifests/overlay.ts';
import { runtimeUser } from '../../cluster/manifests/pod-security.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { missingImage } from '../support/docker-image.ts';

const image = process.env['VASE_ETCD_IMAGE'] || 'vase-etcd:3.4.23';
const probes = etcdProbes(etcdCapabilities(image));
const member = 'etcd-1-0';
const waitMsMax = 30_000;

const docker = async (...args: string[]) => (await runCommand('docker', args)).stdout.trim();

describe("etcd's image, started as the manifests start it", () => {
  let reason: string | null;
  let container = '';

  beforeAll(async () => {
    reason = await missingImage(image, 'VASE_ETCD_IMAGE');
  });

  afterEach(async () => {
    if (container !== '') await docker('rm', '--force', container);
    container = '';
  });

  /** Starts the first of `members`, alone. @returns the address of its metrics port. */
  async function startMember(members: 1 | 3): Promise<string> {
    const topology = parseTopology({ shards: 1, members, images: { etcd: image } });
    const args = etcdArguments({ topology, overlay: overlays.kind }, 1).map((argument) =>
      argument.replaceAll('$(POD_NAME)', member),
    );
    container = await docker(
      'run',
      '--detach',
      '--read-only',
      '--cap-drop=ALL',
      `--user=${runtimeUser}:${runtimeUser}`,
      '--tmpfs=/var/lib/etcd:mode=0777',
      `--add-host=${memberHost(topology, 1, member)}:127.0.0.1`,
      '--publish=127.0.0.1::2381',
      '--entrypoint=/usr/local/bin/etcd',
      image,
      ...args,
    );
    return `http://${await docker('port', container, '2381/tcp')}`;
  }

  async function answer(address: string, path: string): Promise<number | null> {
    try {
      const response = await fetch(`${address}${path}`, { signal: AbortSignal.timeout(10_000) });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return null;
    }
  }

  /** Asks until the answer is 200: nothing else shows that a container's process has begun to listen. */
  async function waitFor(address: string, path: string): Promise<void> {
    for (const end = Date.now() + waitMsMax; Date.now() < end; await delay(100)) {
      if ((await answer(address, path)) === 200) return;
    }
    throw new Error(`${path} was never 200: ${(await runCommand('docker', ['logs', container])).stderr}`);
  }

  const started = probes.startupProbe!.httpGet!.path!;
  const alive = probes.livenessProbe!.httpGet!.path!;
  const ready = probes.readinessProbe!.httpGet!.path!;

  test('knows every argument, needs neither root nor a writable root, and satisfies all probes', async (ctx) => {
    if (reason !== null) return ctx.skip(reason);
    const address = await startMember(1);
    await waitFor(address, started);
    await waitFor(address, ready);
    expect(await answer(address, alive)).toBe(200);
  });

  test('starts and lives without a quorum, and is not ready: it is not restarted, and gets no requests', async (ctx) => {
    if (reason !== null) return ctx.skip(reason);
    const address = await startMember(3);
    await waitFor(address, started);
    expect(await answer(address, ready)).not.toBe(200);
    expect(await answer(address, alive)).toBe(200);
  });
});
