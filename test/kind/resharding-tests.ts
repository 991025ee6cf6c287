/**
 * Tests of a cluster that is up in kind: its shards come and go through the view server, under load and while pods are
 * deleted. The cluster has the shards 1, 2 and 3 before; afterwards 1, 2 and 5.
 */
import { expect, test } from 'vitest';
import { proveServing } from '../../cluster/providers/serving-probe.ts';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import { KeptKeys } from './kept-keys.ts';
import { report, type KindCommand } from './kind-machine.ts';
import { FailureRecorder, strikeInTheMidst, type StruckJob } from './strike-in-the-midst.ts';
import { expectWell, underLoad } from './under-load.ts';

const jobMsMax = 900_000;
const wholeMsMax = 90_000;
const shards = 3;

export interface ReshardingTests {
  /** Asked for when a test runs. */
  cluster: () => { vase: KindCommand; endpoint: string };
  up: () => Promise<{ stdout: string; stderr: string }>;
  /** Leaves out what takes minutes: all of it. */
  isShort: boolean;
}

/** What a shard consists of. */
const shardKinds = [
  'statefulsets',
  'services',
  'pods',
  'persistentvolumeclaims',
  'networkpolicies',
  'poddisruptionbudgets.v1.policy',
];

export function reshardingTests({ cluster, up, isShort }: ReshardingTests): void {
  test.skipIf(isShort)(
    'grows to 4 shards and shrinks to 3 under load, though the pods of its view server and of a leader are deleted',
    async () => {
      const { vase, endpoint } = cluster();
      const kept = await KeptKeys.write(endpoint);
      const newRecorder = (path: string) => new FailureRecorder(path);
      let recorder!: FailureRecorder;
      let back = Promise.resolve();
      const result = await underLoad({ endpoint, shards, seed: 4, newRecorder }, async (itself) => {
        recorder = itself;
        const [viewServer] = (await vase.provider.status()).viewServers;
        // No request goes through the view server: its death explains no failure.
        const added = await strikeInTheMidst(vase, ['shard', 'add'], () => deletePod(vase, viewServer!.name));
        report('kind, a shard more', added.tookMs);
        expectDone(added);
        expect((await vase.provider.status()).viewServers).not.toContainEqual(
          expect.objectContaining({ name: viewServer!.name }),
        );
        await expectShards(vase, 1, 2, 3, 4);
        const home = (await vase.provider.status()).shards[0]!;
        const removed = await strikeInTheMidst(vase, ['shard', 'remove', '4'], async () => {
          const fromNs = recorder.nowNs();
          await deletePod(vase, home.leader!);
          back = whenWhole(vase, home.name).then(() =>
            recorder.fault(`delete ${home.leader}`, { fromNs, untilNs: recorder.nowNs() }),
          );
        });
        await back;
        report('kind, a shard less', removed.tookMs);
        expectDone(removed);
      });
      const { counts } = result;
      const failed = recorder.failures.length;
      process.stderr.write(`kind while resharding: ${counts.ok} requests answered, ${failed} failed\n`);
      expectWell(result);
      expect(recorder.unexplained()).toEqual([]);
      expect(await kept.findWrong()).toEqual([]);
      await expectShards(vase, 1, 2, 3);
      await expectUpToKeep(up, '');
      await expectShards(vase, 1, 2, 3);
    },
    jobMsMax,
  );

  test.skipIf(isShort)(
    'leaves a shard of its topology away that was removed',
    async () => {
      const { vase, endpoint } = cluster();
      const kept = await KeptKeys.write(endpoint);
      expect((await vase.run(['shard', 'add'])).exitCode).toBe(0);
      expect((await vase.run(['shard', 'remove', '3'])).exitCode).toBe(0);
      // 4 has been a shard already.
      await expectShards(vase, 1, 2, 5);
      await expectUpToKeep(up, '; removed before, and left so: etcd-3');
      await expectShards(vase, 1, 2, 5);
      const all = { endpoint, shards: ['etcd-1', 'etcd-2', 'etcd-5'], signal: new AbortController().signal };
      await proveServing(all);
      expect(await kept.findWrong()).toEqual([]);
    },
    jobMsMax,
  );
}

/** It applies nothing that is not there. A pod that is new may get the disk that it emulates, once. */
async function expectUpToKeep(up: ReshardingTests['up'], away: string): Promise<void> {
  expect((await up()).stderr).toMatch(new RegExp(`: \\d+ objects, none changed${away}\\n`));
  expect((await up()).stdout).toContain('nothing changed');
}

/** Nothing is under way, and these are all the shards that there are, for the view server as for Kubernetes. */
async function expectShards(vase: KindCommand, ...ids: number[]): Promise<void> {
  const shown = await vase.run(['view', '--json']);
  const view = JSON.parse(shown.stdout) as ViewDocument;
  expect(view).toMatchObject({ isClean: true, shards: ids.map((id) => ({ id, state: 'active' })) });
  for (const kind of shardKinds) {
    const names = await vase.kubectl('get', kind, '--output', 'jsonpath={.items[*].metadata.name}');
    const found = names.split(' ').map((name) => /^(?:data-)?etcd-(?:client-)?(\d+)/.exec(name)?.[1]);
    expect([kind, [...new Set(found)].filter((id) => id !== undefined).toSorted()]).toEqual([
      kind,
      ids.map(String),
    ]);
  }
}

async function whenWhole(vase: KindCommand, shard: string): Promise<void> {
  const isWhole = async () => {
    const { shards: all } = await vase.provider.status();
    const { hasQuorum, members } = all.find(({ name }) => name === shard)!;
    return hasQuorum && members.every(({ etcd }) => etcd !== null);
  };
  await expect.poll(isWhole, { timeout: wholeMsMax, interval: 200 }).toBe(true);
}

async function deletePod(vase: KindCommand, name: string): Promise<void> {
  await vase.kubectl('delete', 'pod', name, '--grace-period=0', '--force');
}

/** The strike came in the midst of the moves. */
function expectDone({ ended, movesLeft }: StruckJob): void {
  expect({ ...ended, bytes: null }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('done') });
  expect(movesLeft).toBeGreaterThan(0);
}
