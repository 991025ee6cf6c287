/** A cluster that nothing but `vase generate` and kubectl made, in a namespace of its own. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wayToSharder } from '../../cluster/providers/gke/deploy.ts';
import { kindFolder } from '../../cluster/providers/kind/kind-folder.ts';
import { readKindState } from '../../cluster/providers/kind/kind-state.ts';
import { placeOf } from '../../cluster/providers/kind/kind-up.ts';
import { KubernetesCluster } from '../../cluster/providers/kubernetes/kubernetes-cluster.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { proveServing } from '../../cluster/providers/serving-probe.ts';
import { report, type KindCommand } from './kind-machine.ts';

interface Place {
  vase: KindCommand;
  deleteNamespace: (name: string) => Promise<void>;
}

const name = 'by-kubectl';
const shards = ['etcd-1', 'etcd-2'];
const refusedMsMax = 90_000;

export function byKubectlTest(place: () => Place): void {
  test('serves from what `vase generate` writes, applied to an empty namespace by kubectl alone', async () => {
    const { vase, deleteNamespace } = place();
    const state = kindFolder(vase.stateRoot);
    const { topology: own } = readKindState(state)!;
    const { signal } = new AbortController();
    const startedMs = performance.now();
    await generate(vase, 1);
    const cluster = await KubernetesCluster.connect({ ...placeOf(state, own), instance: name });
    try {
      await deploy(vase, '--wait');
      const endpoint = await wayToSharder(cluster, 'sharder-1');
      expect(await cluster.sharders()).toHaveLength(1);
      await proveServing({ endpoint, shards, signal });
      report('by kubectl alone', performance.now() - startedMs);
      await generate(vase, 3);
      await deploy(vase);
      // Two more would have a quorum of their own, without a key.
      const said = 'jsonpath={.status.initContainerStatuses[*].lastState.terminated.message}';
      const pod = ['get', 'pod', 'etcd-2-2', '--namespace', name, '--ignore-not-found', '--output', said];
      await expect
        .poll(() => vase.kubectl(...pod), { timeout: refusedMsMax, interval: 500 })
        .toContain('etcd-2-2 is no member of shard 2, which was formed with etcd-2-0');
      // A node of two cores has room for a new sharder beside the old one only without the pods that were refused.
      const sets = shards.map((shard) => `statefulset/${shard}`);
      await vase.kubectl('scale', ...sets, '--replicas=1', '--namespace', name);
      await vase.kubectl('rollout', 'status', 'deployment/sharder', '--namespace', name, '--timeout=120s');
      await cluster.sharders();
      await proveServing({ endpoint, shards, signal });
      report('by kubectl alone, and with more members', performance.now() - startedMs);
    } finally {
      await cluster.close();
      await deleteNamespace(name);
    }
  }, 600_000);
}

async function generate(vase: KindCommand, members: number): Promise<void> {
  const { topology: own, image } = readKindState(kindFolder(vase.stateRoot))!;
  const folder = join(vase.root, name);
  const images = { ...own.images, vase: image! };
  const topology = join(vase.root, `${name}.yaml`);
  writeFileSync(topology, JSON.stringify({ name, shards: shards.length, members, sharders: 1, images }));
  expect((await vase.run(['generate', '--topology', topology, '--out', folder])).exitCode).toBe(0);
  // The ports of the node are the other cluster's.
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), text.replaceAll(/^ +nodePort: .*\n/gm, ''));
  }
}

async function deploy(vase: KindCommand, ...args: string[]): Promise<void> {
  const extraEnvironment = { KUBECONFIG: kindFolder(vase.stateRoot).kubeconfig };
  const to = ['--context', `kind-${vase.name}`, ...args];
  const script = join(vase.root, name, 'deploy.sh');
  await runCommand(script, to, { extraEnvironment, timeoutMs: 240_000 });
}
