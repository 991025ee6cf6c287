/** Puts directly to etcd, past the sharders, which keep a reserve: in this way an older cluster's shard became full. */
const value = Buffer.from('x'.repeat(20_000)).toString('base64');
let written = 0;

/** Writes new keys to a member, "host:port", until it refuses one. */
export async function fillPastReserve(endpoint: string): Promise<void> {
  for (let ok = true; ok; written++) {
    const key = Buffer.from(`others/${written}`).toString('base64');
    ({ ok } = await ask(endpoint, '/v3/kv/put', { key, value }));
  }
}

/** Compacts as etcd does every `etcd.compactionRetention`: etcd forgets deleted keys. */
export async function compact(endpoint: string): Promise<void> {
  const range = await ask(endpoint, '/v3/kv/range', { key: Buffer.from('none').toString('base64') });
  const { header } = (await range.json()) as { header: { revision: string } };
  await ask(endpoint, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

function ask(endpoint: string, path: string, body: object): Promise<Response> {
  return fetch(`http://${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) });
}
