/** The parts in which something beside it must not be felt: a key that everybody writes, a shard that is dead. */
import { alternate } from './alternate.ts';
import { signal, startBenchCluster } from './bench-cluster.ts';
import type { OpenLoad } from './load-messages.ts';
import { atLeast, atMost, type PartResult, type Settings, soundness } from './part.ts';

type Streams = OpenLoad['streams'];

/**
 * Keys of one slot, one of which gets 2,000 writes a second: more than any shard takes, as each write of a key needs a
 * transaction of its own. The disk keeps the shard busy with the other keys alone, so that what is compared is the wait.
 */
export async function hotKey(settings: Settings): Promise<PartResult> {
  const cluster = await startBenchCluster({ shards: 1, ssd: 'pd-ssd:10Gi' });
  try {
    const other = { name: 'other', prefix: '{overload}other-', keys: 1000, valueBytes: 128, batch: 1 };
    const hot = { name: 'hot', prefix: '{overload}hot-', keys: 1, valueBytes: 16, batch: 1 };
    const others = { ...other, ratePerSecond: 300 };
    const [without, beside] = await alternate(settings, {
      url: cluster.endpoint,
      stream: other.name,
      conditions: [
        { name: 'without the hot key', streams: [others] },
        { name: 'with the hot key', streams: [others, { ...hot, ratePerSecond: 2000 }] },
      ],
    });
    const runs = { 'without the hot key': without!, 'with the hot key': beside! };
    const claims = [
      atMost("other keys' p99 with the hot key to that without", beside!.p99Ms / without!.p99Ms, 1.2),
      atMost(
        "other keys' goodput without the hot key to that with it",
        without!.goodPerSecond / beside!.goodPerSecond,
        1.2,
      ),
      ...soundness(runs, cluster.sharderPeak()),
    ];
    return { runs, claims, notes: [] };
  } finally {
    await cluster.close();
  }
}

/** Small writes and large batches for two shards, of which one stands still. */
export async function deadShard(settings: Settings): Promise<PartResult> {
  const cluster = await startBenchCluster({ shards: 2 });
  try {
    const url = cluster.endpoint;
    const [alive, dead] = [await tagOf(url, 'etcd-1'), await tagOf(url, 'etcd-2')];
    const small = { keys: 500, valueBytes: 10_000, batch: 1, ratePerSecond: 200 };
    const streams: Streams = [
      { ...small, name: 'alive', prefix: `${alive}small-` },
      { ...small, name: 'dead', prefix: `${dead}small-` },
      {
        name: 'batches',
        prefix: `${dead}large-`,
        keys: 50,
        valueBytes: 250_000,
        batch: 8,
        ratePerSecond: 4,
      },
    ];
    const kill = () => {
      for (const pid of cluster.membersOf(2)) signal(pid, 'SIGSTOP');
      return () => {
        for (const pid of cluster.membersOf(2)) signal(pid, 'SIGCONT');
      };
    };
    const [both, one] = await alternate(settings, {
      url,
      stream: 'alive',
      conditions: [
        { name: 'both shards alive', streams },
        { name: 'one shard dead', streams, begin: kill },
      ],
    });
    const runs = { 'both shards alive': both!, 'one shard dead': one! };
    const claims = [
      atLeast(
        "the living shard's goodput to that with both alive",
        one!.goodPerSecond / both!.goodPerSecond,
        0.95,
      ),
      ...soundness(runs, cluster.sharderPeak()),
    ];
    return { runs, claims, notes: [] };
  } finally {
    await cluster.close();
  }
}

const tagsMax = 1000;

/** A tag that places keys on that shard. */
async function tagOf(url: string, shard: string): Promise<string> {
  for (let number = 0; number < tagsMax; number++) {
    const tag = `{overload-${number}}`;
    const path = `/v1/kv/${encodeURIComponent(`${tag}probe`)}`;
    const answer = await fetch(url + path, { method: 'PUT', body: '0' });
    if (answer.headers.get('vase-shard') === shard) return tag;
  }
  throw new Error(`no tag of ${tagsMax} places keys on ${shard}`);
}
