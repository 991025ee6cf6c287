// One real kind cluster from nothing to nothing: up, used, struck under load, and down without a trace.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namespaceObject } from '../../cluster/manifests/cluster-objects.ts';
import { viewServerName } from '../../cluster/manifests/names.ts';
import { overlays } from '../../cluster/manifests/overlay.ts';
import type { ApiObject } from '../../cluster/kubernetes/kubernetes-objects.ts';
import { wayToSharder } from '../../cluster/providers/gke/deploy.ts';
import { gkeFiles } from '../../cluster/providers/gke/gke-files.ts';
import { applySecrets, prepareSecrets } from '../../cluster/providers/gke/secrets.ts';
import { listNodes } from '../../cluster/providers/kind/kind-command.ts';
import { kindFolder } from '../../cluster/providers/kind/kind-folder.ts';
import { hashConfiguration, readKindState, writeKindState } from '../../cluster/providers/kind/kind-state.ts';
import { placeOf } from '../../cluster/providers/kind/kind-up.ts';
import { KubernetesCluster } from '../../cluster/providers/kubernetes/kubernetes-cluster.ts';
import { rollOutSteps, type RollOut } from '../../cluster/providers/kubernetes/roll-out/roll-out.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { proveServing } from '../../cluster/providers/serving-probe.ts';
import { LiveRecorder } from '../../scripts/live/live-recorder.ts';
import type { LiveResult } from '../../scripts/live/live-result.ts';
import { byKubectlTest } from './by-kubectl.ts';
import { deadShardTest } from './dead-shard.ts';
import { KindCommand, report, whyNoKind } from './kind-machine.ts';
import { lostVolumeTest } from './lost-volume.ts';
import { reshardingTests } from './resharding-tests.ts';
import { rollingRestartTest } from './rolling-restart.ts';
import { expectWell, underLoad } from './under-load.ts';
import { forbidden, listRules, needed, tryAsViewServer } from './view-server-role.ts';

const reason = await whyNoKind();
const shards = 3;
const upMsMax = 4 * 60_000;
const secondUpMsMax = 15_000;
const wellMsMax = 90_000;
/**
 * CI has 25 minutes for everything: it leaves out what takes minutes, and judges no time that its machine's load decides;
 * `make test-kind` does neither.
 */
const isShort = process.env['VASE_KIND_SHORT'] === '1';
const componentLabel = 'app.kubernetes.io/component';

interface Ingress {
  from?: { podSelector: { matchLabels: Record<string, string> } }[];
  ports: { port: number }[];
}

let vase: KindCommand;
let endpoint: string;
let size: string[];

beforeAll(async () => {
  const port = await getPort();
  vase = new KindCommand(`vase-test-${process.pid}`);
  endpoint = `http://127.0.0.1:${port}`;
  const file = join(vase.root, 'topology.yaml');
  writeFileSync(file, `name: ${vase.name}\n`);
  size = ['--shards', String(shards), '--members', '3', '--port', String(port), '--topology', file];
});
afterAll(async () => {
  if (reason === null) await vase.remove();
});

async function up(...args: string[]) {
  const startedMs = performance.now();
  const { exitCode, stdout, stderr } = await vase.run(['up', ...size, ...args]);
  // As a message: what a comparison of objects prints of a long text is cut off.
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
  return { stdout, stderr, tookMs: performance.now() - startedMs };
}

async function expectLoadToSurvive(seed: number, body: () => Promise<void>): Promise<void> {
  const newRecorder = (path: string) => new LiveRecorder(path);
  expectWell(await underLoad({ endpoint, shards, seed, newRecorder }, body));
}

/** With all that is in it, and waits for that: the one node has no room for two such namespaces beside the cluster. */
async function deleteNamespace(name: string): Promise<void> {
  const namespace = ['delete', 'namespace', name, '--ignore-not-found'];
  await vase.kubectl(...namespace, '--wait=false');
  // Nobody uses what is in it: its pods need not end in peace.
  await vase.kubectl('delete', 'pods', '--all', '--namespace', name, '--grace-period=1');
  await vase.kubectl(...namespace);
}

async function whenReady(): Promise<void> {
  const health = async () => (await vase.provider.status()).health;
  await expect.poll(health, { timeout: wellMsMax, interval: 500 }).toBe('ready');
}

describe.skipIf(reason !== null)(`a cluster in kind${reason === null ? '' : ` (${reason})`}`, () => {
  test('comes up from nothing in under four minutes, to a write and a read on every shard', async () => {
    const { stdout, tookMs } = await up('--sharders', '2');
    expect(stdout).toContain(`Ready at ${endpoint} (3 shards of 3 members, 2 sharders)`);
    report('kind from nothing', tookMs);
    if (!isShort) expect(tookMs).toBeLessThan(upMsMax);
    const all = { endpoint, shards: ['etcd-1', 'etcd-2', 'etcd-3'], signal: new AbortController().signal };
    await proveServing(all);
  }, 600_000);

  test('changes nothing the second time, in under 15 seconds', async () => {
    const before = await vase.kubectl('get', 'pods', '--output', 'jsonpath={.items[*].metadata.uid}');
    const { stdout, tookMs } = await up();
    report('kind again', tookMs);
    expect(stdout).toContain('nothing changed');
    if (!isShort) expect(tookMs).toBeLessThan(secondUpMsMax);
    expect(await vase.kubectl('get', 'pods', '--output', 'jsonpath={.items[*].metadata.uid}')).toBe(before);
  });

  test('keeps its kubeconfig to itself, and mends it when it is spoilt', async () => {
    const { kubeconfig } = kindFolder(vase.stateRoot);
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    writeFileSync(kubeconfig, 'no: kubeconfig\n');
    const status = await vase.run(['status']);
    expect(status.stdout).toContain('make up');
    expect((await up()).stdout).toContain(`at ${endpoint}`);
    expect((await vase.run(['status'])).exitCode).toBe(0);
  });

  test('shows its status and its logs', async () => {
    const { exitCode, stdout } = await vase.run(['status']);
    expect(exitCode).toBe(0);
    for (const name of ['etcd-1-0', 'etcd-3-2', 'leader', 'sharder-1', 'sharder-2'])
      expect(stdout).toContain(name);
    expect((await vase.run(['logs', 'etcd-1-0', '--lines', '5'])).stdout).toContain('{');
    const wrong = await vase.run(['logs', 'nobody']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('sharder-2') });
  });

  test.each([
    [['--shards', '5'], 'made with shards 3'],
    [['--profile', 'zones'], 'made with the profile small'],
    [['--port', '1'], 'made with port'],
  ])('refuses %j with a reason and a way out', async (args, message) => {
    const refused = await vase.run(['up', ...size, ...args]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(message) });
    expect(refused.stderr).toContain('make down');
  });

  test('is neither taken over nor deleted from a folder whose own cluster of this name is gone', async () => {
    const other = new KindCommand(vase.name);
    const state = readKindState(kindFolder(vase.stateRoot))!;
    const configuration = { ...state.configuration, id: 'gone' };
    const configurationHash = hashConfiguration(vase.name, configuration);
    writeKindState(kindFolder(other.stateRoot), { ...state, configuration, configurationHash });
    const nodes = await vase.traces();
    const refused = await other.run(['up', ...size]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('was not made from') });
    const down = await other.run(['down']);
    expect(down).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('and stays') });
    expect(existsSync(kindFolder(other.stateRoot).root)).toBe(false);
    expect(await vase.traces()).toEqual(nodes);
    await other.provider.close();
    rmSync(other.root, { recursive: true });
  });

  test('takes what `vase generate` writes, by kubectl alone, as what it has already', async () => {
    const folder = join(vase.root, 'files');
    const { topology, image } = readKindState(kindFolder(vase.stateRoot))!;
    const names = ['--name', vase.name, '--image', image!, '--etcd-image', topology.images.etcd];
    const file = join(vase.root, 'generate.yaml');
    writeFileSync(file, JSON.stringify(topology));
    expect((await vase.run(['generate', '--topology', file, '--out', folder, ...names])).exitCode).toBe(0);
    const generations = () =>
      vase.kubectl(
        'get',
        'statefulset,deployment,service',
        '--output',
        'jsonpath={.items[*].metadata.generation}',
      );
    const before = await generations();
    const { kubeconfig } = kindFolder(vase.stateRoot);
    const args = ['--context', `kind-${vase.name}`, '--wait'];
    await runCommand(join(folder, 'deploy.sh'), args, { extraEnvironment: { KUBECONFIG: kubeconfig } });
    expect(await generations()).toBe(before);
    expect((await up()).stdout).toContain('nothing changed');
  });

  byKubectlTest(() => ({ vase, deleteNamespace }));

  test("serves with GKE's objects, mutual TLS included, where what only GKE has is replaced by kind's", async () => {
    const folder = kindFolder(vase.stateRoot);
    const { topology: own, image } = readKindState(folder)!;
    const images = { ...own.images, vase: image! };
    const topology = {
      ...own,
      name: 'as-on-gke',
      shards: 1,
      members: 3,
      sharders: 1,
      viewServers: 0,
      images,
    };
    const { storage, requests, volumesAreNodeFolders, guardImage, podSecurity } = overlays.kind;
    const ofKind = { storage, requests, volumesAreNodeFolders, guardImage, podSecurity };
    const overlay = { ...overlays.gke, ...ofKind };
    const files = gkeFiles(join(vase.root, 'as-on-gke'));
    mkdirSync(files.folder, { recursive: true });
    const secrets = await prepareSecrets({ topology, overlay }, { files, address: null, nowMs: Date.now() });
    const place = { ...placeOf(folder, own), instance: topology.name, tls: secrets.operator };
    const cluster = await KubernetesCluster.connect(place);
    const blueprint = { topology, overlay: { ...overlay, secretsMark: secrets.mark! } };
    try {
      await cluster.client.apply(namespaceObject(blueprint) as ApiObject);
      expect(await applySecrets(cluster.client, secrets)).not.toEqual([]);
      const way = await wayToSharder(cluster, 'sharder-1');
      const { signal } = new AbortController();
      const since = { membersAsked: null, changed: false, sinceMs: Date.now() };
      const rollOut: RollOut = { cluster, blueprint, shardersBefore: null, endpoint: way, signal, ...since };
      const steps = rollOutSteps<RollOut>(topology, (context) => context);
      const proof = steps.pop()!;
      for (const step of steps) await step.run(rollOut, () => undefined);
      // From here on the way leads to the sharder that there is.
      expect(await cluster.sharders()).toHaveLength(1);
      await proof.run(rollOut, () => undefined);
    } finally {
      await cluster.close();
      await deleteNamespace(topology.name);
    }
  });

  test('lets only sharders and view servers reach etcd, as far as its policies say', async () => {
    const policy = await vase.kubectl('get', 'networkpolicy', 'etcd-1', '--output', 'json');
    const { ingress } = (JSON.parse(policy) as { spec: { ingress: Ingress[] } }).spec;
    const clients = ingress.find(({ ports }) => ports[0]!.port === 2379)!;
    const components = clients.from?.map(({ podSelector }) => podSelector.matchLabels[componentLabel]);
    expect(components).toEqual(['sharder', 'viewserver']);
  });

  test('lets the view server do with shards what it must, and nothing with secrets or other namespaces', async () => {
    const may = await tryAsViewServer(vase, needed(vase.name));
    expect(may.filter(({ status }) => status === 401 || status === 403)).toEqual([]);
    expect(may.filter(({ attempt, status }) => attempt.startsWith('GET') && status !== 200)).toEqual([]);
    const mayNot = await tryAsViewServer(vase, forbidden(vase.name));
    expect(mayNot.filter(({ status }) => status !== 403)).toEqual([]);
    for (const other of ['default', 'kube-system', 'kube-public'])
      expect(await listRules(vase, viewServerName, other)).toEqual(await listRules(vase, 'nobody', other));
    expect(await listRules(vase, viewServerName, vase.name)).not.toEqual(
      await listRules(vase, 'nobody', vase.name),
    );
  });

  test('loses nothing when the pods of a leader and of a sharder are deleted', async () => {
    const { shards: all } = await vase.provider.status();
    const leader = all[1]!.leader!;
    const selector = ['--selector', 'app.kubernetes.io/component=sharder'];
    const first = ['--output', 'jsonpath={.items[0].metadata.name}'];
    const sharder = await vase.kubectl('get', 'pods', ...selector, ...first);
    await expectLoadToSurvive(1, async () => {
      await vase.kubectl('delete', 'pod', leader, sharder, '--grace-period=0', '--force');
      await whenReady();
    });
  });

  test.skipIf(isShort)('scales its sharders from 2 to 4 and back under load', async () => {
    await expectLoadToSurvive(2, async () => {
      expect((await up('--sharders', '4')).stdout).toContain('4 sharders');
      expect((await vase.provider.status()).sharders).toHaveLength(4);
      expect((await up('--sharders', '2')).stdout).toContain('2 sharders');
      await expect
        .poll(async () => (await vase.provider.status()).sharders, { timeout: wellMsMax })
        .toHaveLength(2);
    });
  });

  test.skipIf(isShort)('is a target for the nemesis', async () => {
    const { stdout } = await vase.run(['nemesis', '--duration', '25', '--seed', '1', '--json']);
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as LiveResult;
    expect(result).toMatchObject({ verdict: 'ok', isHealthy: true });
    expect(result.faults.pause_leader + result.faults.kill_leader).toBeGreaterThan(0);
    await whenReady();
  });

  test.skipIf(isShort)(
    'serves through restarts of all its shards, one by one',
    async () => {
      await expectLoadToSurvive(3, async () => {
        for (const shard of ['etcd-1', 'etcd-2', 'etcd-3']) {
          await vase.kubectl('rollout', 'restart', `statefulset/${shard}`);
          await vase.kubectl('rollout', 'status', `statefulset/${shard}`, '--timeout=200s');
        }
        await whenReady();
      });
    },
    600_000,
  );

  rollingRestartTest(() => ({ vase, endpoint }));
  deadShardTest(() => ({ vase, endpoint, runUp: () => vase.run(['up', ...size]) }));
  lostVolumeTest({
    cluster: () => ({
      vase,
      runUp: () => vase.run(['up', ...size]),
      underLoad: (body) => expectLoadToSurvive(4, body),
    }),
    isShort,
  });
  reshardingTests({ cluster: () => ({ vase, endpoint }), up, isShort });

  test('has its data when its node was killed and started again', async () => {
    expect((await vase.run(['put', 'kept', 'through everything'])).exitCode).toBe(0);
    const nodes = (await listNodes(vase.name)).map(({ name }) => name);
    await runCommand('docker', ['kill', ...nodes]);
    expect((await vase.run(['status'])).stdout).toContain('down');
    expect((await up()).stdout).toContain(`Ready at ${endpoint}`);
    expect((await vase.run(['get', 'kept'])).stdout).toBe('through everything');
  });

  test('says which image is missing within seconds, and the next up goes on', async () => {
    const startedMs = performance.now();
    const missing = await vase.run(['up', ...size], { VASE_ETCD_IMAGE: 'localhost:1/no-such-etcd:3.5.9' });
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no-such-etcd') });
    expect(missing.stderr).toContain('VASE_ETCD_IMAGE');
    expect(performance.now() - startedMs).toBeLessThan(60_000);
    expect((await up()).stdout).toContain(`at ${endpoint}`);
  });

  test('leaves no container, volume, context or folder', async () => {
    const contexts = readFileSync(kindFolder(vase.stateRoot).kubeconfig, 'utf8');
    expect(contexts).toContain(`kind-${vase.name}`);
    const down = await vase.run(['down']);
    expect(down).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('its data with it') });
    expect(await vase.traces()).toEqual([]);
    expect(existsSync(kindFolder(vase.stateRoot).root)).toBe(false);
    expect((await vase.provider.status()).health).toBe('absent');
    expect((await vase.run(['down'])).exitCode).toBe(0);
  });
});
