/**
 * The requests that a user of each workload makes. `original` speaks the original's routes, with its keys `<n>_value_key`
 * and its rhythm of one put, then one get of the same key; the others speak `/v1/kv`.
 */
import type { Workload } from '../records/run-data.ts';
import { drawsOf, uniformBelow, zipfianBelow } from './random.ts';

export interface LoadRequest {
  method: 'GET' | 'PUT';
  path: string;
  /** The number of the key. */
  key: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Share of writes. YCSB's A is 50 % updates, B 5 %, C none. */
const writeShare: Record<Workload['name'], number> = {
  original: 0.5,
  'ycsb-a': 0.5,
  'ycsb-b': 0.05,
  'ycsb-c': 0,
  'write-only': 1,
};

/** A user's requests, without end, drawn from its own stream of random numbers. */
export function requestSource(
  workload: Workload,
  { user, seed }: { user: number; seed: number },
): () => LoadRequest {
  const draw = drawsOf(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(user + 1, 0x85ebca6b));
  const below = workload.distribution === 'zipfian' ? zipfianBelow : uniformBelow;
  const nextKey = below(workload.keys, draw);
  if (workload.name === 'original') {
    let reads: number | null = null;
    return () => {
      if (reads === null) return putRequest(workload, (reads = nextKey()));
      const request = getRequest(workload, reads);
      reads = null;
      return request;
    };
  }
  const share = writeShare[workload.name];
  return () => (draw() < share ? putRequest(workload, nextKey()) : getRequest(workload, nextKey()));
}

export function putRequest(workload: Workload, key: number): LoadRequest {
  if (workload.name !== 'original')
    return { method: 'PUT', path: `/v1/kv/${keyName(key)}`, key, body: valueOf(workload.valueBytes) };
  return {
    method: 'PUT',
    path: '/set',
    key,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path: `${key}_value_key`, value: valueOf(workload.valueBytes) }),
  };
}

function getRequest(workload: Workload, key: number): LoadRequest {
  if (workload.name !== 'original') return { method: 'GET', path: `/v1/kv/${keyName(key)}`, key };
  return { method: 'GET', path: `/get/${key}_value_key`, key };
}

/** All of one length, so that requests differ in nothing but the key. */
function keyName(key: number): string {
  return `user${String(key).padStart(8, '0')}`;
}

const values = new Map<number, string>();
function valueOf(bytes: number): string {
  let value = values.get(bytes);
  if (value === undefined) values.set(bytes, (value = 'v'.repeat(bytes)));
  return value;
}
