/** Copies of the view, and sharders that start from them. */
import { expect, test } from 'vitest';
import { MirrorKeeper } from '../../../../../cluster/resharding/records/mirror-keeper.ts';
import { defaultMoverLimits } from '../../../../../cluster/resharding/records/mover-limits.ts';
import { RecordsClient } from '../../../../../cluster/resharding/records/records-client.ts';
import { ShardCaller } from '../../../../../cluster/viewserver/home/shard-caller.ts';
import { defaultLimits } from '../../../../../sharder/core/limits.ts';
import { Store } from '../../../../../sharder/core/store.ts';
import { decodeView, type View, VIEW_MIRROR_KEY } from '../../../../../sharder/core/view.ts';
import { hashText } from '../../../../../sharder/hash.ts';
import { systemClock, systemRandom } from '../../../../../sharder/system-clock.ts';
import { MemoryCluster } from '../../viewserver/memory-cluster.ts';

const trace = { emit: () => undefined };
const clock = systemClock;

function keep(cluster: MemoryCluster): { keeper: MirrorKeeper; stop: () => void } {
  const home = cluster.view.shards[0]!.endpoints;
  const records = new RecordsClient({ clock, random: systemRandom, trace, rpc: cluster, home, callMs: 100 });
  const limits = { ...defaultMoverLimits, mirrorPauseMs: 1, mirrorPauseMsMax: 10 };
  let isStopped = false;
  const keeper = new MirrorKeeper({ records, clock, trace, limits, isStopped: () => isStopped });
  const stop = () => {
    isStopped = true;
    records.close();
  };
  return { keeper, stop };
}

function mirrorOf(cluster: MemoryCluster, shard: number): number | null {
  const bytes = cluster.get(shard, VIEW_MIRROR_KEY);
  return bytes === undefined ? null : decodeView(bytes).epoch;
}

function change(cluster: MemoryCluster, epoch: number): View {
  cluster.setView({ ...cluster.view, epoch });
  return cluster.view;
}

test('each shard but the home shard gets every newer view, also one that was silent, and never an older one', async () => {
  const cluster = new MemoryCluster(3);
  const { keeper, stop } = keep(cluster);
  cluster.silence(3);
  keeper.note(change(cluster, 5));
  await expect.poll(() => mirrorOf(cluster, 2)).toBe(5);
  expect(mirrorOf(cluster, 3)).toBeNull();
  keeper.note(change(cluster, 6));
  cluster.silent.clear();
  await expect.poll(() => [2, 3].map((shard) => mirrorOf(cluster, shard))).toEqual([6, 6]);
  expect(mirrorOf(cluster, 1)).toBeNull();
  // One that led before, and does not know that it leads no more.
  const old = keep(cluster);
  old.keeper.note({ ...cluster.view, epoch: 4 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([2, 3].map((shard) => mirrorOf(cluster, shard))).toEqual([6, 6]);
  stop();
  old.stop();
});

/** A store that knows the home shard and where copies of the view are. */
function open(cluster: MemoryCluster): Store {
  const caller = new ShardCaller(cluster);
  const connect = (id: number, endpoints: readonly string[]) => caller.client({ id, endpoints });
  const [home, ...others] = cluster.view.shards;
  const clients = others.map(({ id, endpoints }) => connect(id, endpoints));
  const mirrors = { clients, home: home!.endpoints };
  const limits = { ...defaultLimits, operationTimeoutMs: 500, viewHomeMs: 20 };
  return new Store({
    clock,
    trace,
    limits,
    hash: hashText,
    home: connect(0, home!.endpoints),
    mirrors,
    connect,
  });
}

test('a store starts from a copy where the home shard is silent, and goes on to the view when it is not', async () => {
  const cluster = new MemoryCluster(3);
  const { keeper, stop } = keep(cluster);
  keeper.note(change(cluster, 5));
  await expect.poll(() => [2, 3].map((shard) => mirrorOf(cluster, shard))).toEqual([5, 5]);
  stop();
  change(cluster, 6);
  const ready = open(cluster);
  expect(await ready.ready()).toBe(true);
  expect(ready.currentView!.epoch).toBe(6);
  cluster.silence(1);
  cluster.silence(3);
  const store = open(cluster);
  expect(await store.ready()).toBe(true);
  expect(store.currentView!.epoch).toBe(5);
  cluster.silent.clear();
  store.watchView();
  await expect.poll(() => store.currentView!.epoch).toBe(6);
  store.close();
  ready.close();
});

test('a copy whose home shard is another one is none', async () => {
  const cluster = new MemoryCluster(2);
  const { keeper, stop } = keep(cluster);
  const view = change(cluster, 5);
  const [home, other] = view.shards;
  keeper.note({ ...view, epoch: 6, shards: [{ ...home!, endpoints: ['elsewhere:1'] }, other!] });
  await expect.poll(() => mirrorOf(cluster, 2)).toBe(6);
  stop();
  const store = open(cluster);
  cluster.silence(1);
  expect(await store.ready()).toBe(false);
  store.close();
});
