/** The phase before a load: every key is written once, a hundred to a request, so that no read misses. */
import type { Pool } from 'undici';
import { openPool } from './fixed-rate.ts';
import type { LoadOrder } from './load-order.ts';
import { putRequest } from './requests.ts';

/** 100 values of 16 KiB stay below what the store takes in one body. */
const keysPerRequest = 100;
const streamsMax = 8;
/** A refused write, or one with an unknown outcome, is made again; a put of the same value is harmless. */
const attemptsMax = 5;

/** Writes this worker's share of the keys: the same share as it has of the users. */
export async function fillKeys(order: LoadOrder): Promise<{ written: number; failed: number }> {
  const { keys, users } = order.workload;
  const first = Math.floor((keys * order.firstUser) / users);
  const end = Math.floor((keys * (order.firstUser + order.users)) / users);
  const pool = openPool(order.urls[0]!, { users: streamsMax, urls: order.urls.slice(0, 1) });
  let next = first;
  let failed = 0;
  const stream = async () => {
    while (next < end) {
      const from = next;
      next = Math.min(end, from + keysPerRequest);
      failed += await writeRange(pool, order, { from, end: next });
    }
  };
  await Promise.all(Array.from({ length: streamsMax }, stream));
  await pool.destroy();
  return { written: end - first - failed, failed };
}

/** Returns how many could not be written. */
async function writeRange(
  pool: Pool,
  { workload }: LoadOrder,
  { from, end }: { from: number; end: number },
): Promise<number> {
  let missing = Array.from({ length: end - from }, (_, index) => putRequest(workload, from + index));
  for (let attempt = 0; attempt < attemptsMax && missing.length > 0; attempt++) {
    const operations = missing.map(({ path, body }) => ({
      op: 'put',
      key: decodeURIComponent(path.split('/').at(-1)!),
      value: body,
    }));
    const statuses = await post(pool, JSON.stringify({ operations }));
    missing = missing.filter((_, index) => statuses[index] !== 204);
  }
  return missing.length;
}

/** The status of each operation; none when the request itself failed. */
async function post(pool: Pool, text: string): Promise<number[]> {
  try {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/v1/batch',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    const answer = await body.text();
    if (statusCode !== 200) return [];
    return (JSON.parse(answer) as { results: { status: number }[] }).results.map(({ status }) => status);
  } catch {
    // The request was refused, reset or too slow: no write is known to be made.
    return [];
  }
}
