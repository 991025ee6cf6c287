// Whoever reads the view learns from it where the home shard is: members come and go, until none of those of the start is left.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ShardCaller } from '../../../../cluster/viewserver/home/shard-caller.ts';
import { NewestView } from '../../../../cluster/viewserver/home/newest-view.ts';
import { defaultLimits } from '../../../../sharder/core/limits.ts';
import type { EtcdRpc } from '../../../../sharder/core/ports.ts';
import { Store } from '../../../../sharder/core/store.ts';
import type { View } from '../../../../sharder/core/view.ts';
import { hashText } from '../../../../sharder/hash.ts';
import { systemClock } from '../../../../sharder/system-clock.ts';
import { MemoryCluster } from './memory-cluster.ts';

const first = 'shard-1:2379';
const moved = 'moved-1:2379';
const clock = systemClock;

/** A cluster whose home shard is reached at either address until it leaves the first. */
class MovedHome implements EtcdRpc {
  readonly cluster = new MemoryCluster(2);
  private isFirstGone = false;
  private readonly ends: (() => void)[] = [];

  call: EtcdRpc['call'] = async (endpoint, request) => {
    if (endpoint === first && this.isFirstGone) return { kind: 'not_sent', message: 'refused' };
    return this.cluster.call(endpoint === moved ? first : endpoint, request);
  };

  watch: EtcdRpc['watch'] = (endpoint, request, sink) => {
    const end = () => sink.onEnd({ kind: 'lost', message: 'refused' });
    if (endpoint === first && this.isFirstGone) {
      queueMicrotask(end);
      return () => undefined;
    }
    const cancel = this.cluster.watch(endpoint === moved ? first : endpoint, request, sink);
    if (endpoint === first) this.ends.push(cancel, end);
    return cancel;
  };

  /** Its next view, which says where it is. */
  say(endpoints: readonly string[]): number {
    const { view } = this.cluster;
    const [home, ...others] = view.shards;
    const next: View = { ...view, epoch: view.epoch + 1, shards: [{ ...home!, endpoints }, ...others] };
    this.cluster.setView(next);
    return next.epoch;
  }

  leaveFirst(): void {
    this.isFirstGone = true;
    for (const end of this.ends.splice(0)) end();
  }
}

/** Another cluster has got the address: its view is newer, and nobody follows it. */
async function expectNotToFollow(home: MovedHome, epochOf: () => number | undefined): Promise<void> {
  const { cluster } = home;
  await expect.poll(epochOf).toBe(1);
  const own = cluster.view;
  const [ownHome, ...others] = own.shards;
  const elsewhere = { ...ownHome!, identity: '0123456789abcdef', endpoints: ['elsewhere:2379'] };
  cluster.setView({ ...own, epoch: 7, shards: [elsewhere, ...others] });
  await delay(200);
  expect(epochOf()).toBe(1);
  cluster.setView({ ...own, epoch: 2 });
  await expect.poll(epochOf).toBe(2);
}

/** @param epochOf what the reader knows. */
async function expectToFollow(home: MovedHome, epochOf: () => number | undefined): Promise<void> {
  await expect.poll(epochOf).toBe(1);
  for (const endpoints of [[first, moved], [moved]]) {
    const epoch = home.say(endpoints);
    await expect.poll(epochOf).toBe(epoch);
  }
  home.leaveFirst();
  const epoch = home.say([moved]);
  await expect.poll(epochOf).toBe(epoch);
}

function openStore(home: MovedHome): Store {
  const caller = new ShardCaller(home);
  const connect = (id: number, endpoints: readonly string[]) => caller.client({ id, endpoints });
  const limits = { ...defaultLimits, viewWatchRenewMs: 50 };
  const trace = { emit: () => undefined };
  const store = new Store({ clock, trace, limits, hash: hashText, home: connect(0, [first]), connect });
  onTestFinished(() => store.close());
  store.watchView();
  return store;
}

function openNewestView(home: MovedHome): NewestView {
  const client = new ShardCaller(home).client({ id: 0, endpoints: [first] });
  const end = new AbortController();
  const view = new NewestView({ rpc: home, clock, home: client, endpoints: [first] });
  const running = view.run(end.signal);
  onTestFinished(async () => {
    end.abort();
    await running;
    client.close();
  });
  return view;
}

test('a store follows the home shard to where its view says that it is', async () => {
  const home = new MovedHome();
  const store = openStore(home);
  expect(await store.ready()).toBe(true);
  await expectToFollow(home, () => store.currentView?.epoch);
});

test('a view server does, too', async () => {
  const home = new MovedHome();
  const view = openNewestView(home);
  await expectToFollow(home, () => view.current?.epoch);
});

test('a store takes no view of another cluster for a newer one of its own', async () => {
  const home = new MovedHome();
  const store = openStore(home);
  expect(await store.ready()).toBe(true);
  await expectNotToFollow(home, () => store.currentView?.epoch);
});

test('nor does a view server', async () => {
  const home = new MovedHome();
  const view = openNewestView(home);
  await expectNotToFollow(home, () => view.current?.epoch);
});
