/**
 * The view as the shards besides the home shard have it in copy: all that can be known of it while the home shard is dead.
 * A copy is a hint and may be out of date; sharders start from the same copies.
 */
import { readRecord, RecordError } from '../sharder/core/record-fields.ts';
import { decodeView, VIEW_MIRROR_KEY, type View, type ViewShard } from '../sharder/core/view.ts';
import type { EtcdCaller } from './etcd/etcd-caller.ts';

const answerTimeoutMs = 3000;

/**
 * @param home endpoints of the home shard: a copy that names none of them is of another cluster, or out of date.
 * @param shards those that may have a copy. All are asked at once, the members of each in turn.
 * @returns the newest copy; null where none can be had.
 */
export async function readMirroredView(
  rpc: EtcdCaller,
  home: readonly string[],
  shards: readonly ViewShard[],
): Promise<View | null> {
  const copies = await Promise.all(shards.map(({ endpoints }) => readCopy(rpc, endpoints)));
  const own = copies.filter((view) => view !== null).filter(({ shards: [first] }) => isHome(first!, home));
  return own.toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
}

function isHome({ endpoints }: ViewShard, home: readonly string[]): boolean {
  return endpoints.some((endpoint) => home.includes(endpoint));
}

async function readCopy(rpc: EtcdCaller, endpoints: readonly string[]): Promise<View | null> {
  for (const endpoint of endpoints) {
    const options = { deadlineMs: answerTimeoutMs };
    const result = await rpc.call(endpoint, { kind: 'range', key: VIEW_MIRROR_KEY }, options);
    if (result.kind !== 'reply' || result.reply.kind !== 'range') continue;
    const stored = result.reply.kvs[0];
    if (stored === undefined) return null;
    try {
      return readRecord(() => decodeView(stored.value));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return null;
    }
  }
  return null;
}
