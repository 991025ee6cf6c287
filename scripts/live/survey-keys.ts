/** Finds keys of every shard by asking the store for the shards of candidates, so that each shard gets its part of the traffic. */
import { StoreCaller } from './store-caller.ts';
import type { LiveKey } from './traffic.ts';

/** With 64 shards and 4 keys each, the last of so many candidates is needed less than once in a million runs. */
const candidatesMax = 4000;

/**
 * @param prefix makes the keys new to the store.
 * @throws Error when a shard has no key among many candidates, or the store does not answer.
 */
export async function surveyKeys(
  endpoint: string,
  options: { prefix: string; shards: number; keysPerShard: number; signal: AbortSignal },
): Promise<LiveKey[]> {
  const { prefix, shards, keysPerShard, signal } = options;
  const caller = new StoreCaller();
  const byShard = new Map<string, LiveKey[]>();
  try {
    for (let candidate = 0; candidate < candidatesMax; candidate++) {
      const stored = `${prefix}-${candidate}`;
      const url = `${endpoint}/v1/kv/${stored}`;
      const answer = await caller.call({ method: 'GET', url, headers: {}, body: null }, signal);
      signal.throwIfAborted();
      const shard = answer.kind === 'reply' ? answer.headers['vase-shard'] : undefined;
      if (shard === undefined) throw new Error(`${endpoint} does not say which shard has ${stored}`);
      const found = byShard.get(shard) ?? [];
      if (found.length < keysPerShard) found.push({ name: `${shard}/${found.length + 1}`, stored, shard });
      byShard.set(shard, found);
      const keys = [...byShard.values()].flat();
      if (keys.length === shards * keysPerShard) return keys.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    }
    throw new Error(`no ${keysPerShard} keys for each shard among ${candidatesMax}`);
  } finally {
    caller.close();
  }
}
