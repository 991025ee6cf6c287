/**
 * Reads the copies of the view in the shards other than the home shard: while the home shard is dead, no more can be known
 * of it. A copy is a hint and may be out of date; sharders start from the same copies.
 */
import { decodeView, VIEW_MIRROR_KEY, type View, type ViewShard } from '../../sharder/core/view.ts';
import type { EtcdCaller } from '../etcd/etcd-caller.ts';
import { readStored } from './stored-record.ts';

/**
 * @param home endpoints of the home shard: a copy that names none of them is of another cluster, or out of date.
 * @param shards the shards that may have a copy. All are asked at once, the members of each in turn.
 * @returns the newest copy; null when no copy can be read.
 */
export async function readMirroredView(
  rpc: EtcdCaller,
  home: readonly string[],
  shards: readonly ViewShard[],
): Promise<View | null> {
  const copies = await Promise.all(
    shards.map(({ endpoints }) => readStored(rpc, endpoints, { key: VIEW_MIRROR_KEY }, decodeView)),
  );
  const own = copies.filter((view) => view !== null).filter(({ shards: [first] }) => isHome(first!, home));
  return own.toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
}

function isHome({ endpoints }: ViewShard, home: readonly string[]): boolean {
  return endpoints.some((endpoint) => home.includes(endpoint));
}
