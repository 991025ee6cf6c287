/** A workload that goes on while something is done to a cluster, and the checker's verdict on what clients saw. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { LiveClient } from '../../scripts/live/live-client.ts';
import type { LiveRecorder } from '../../scripts/live/live-recorder.ts';
import { surveyKeys } from '../../scripts/live/survey-keys.ts';
import { Traffic } from '../../scripts/live/traffic.ts';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { readHistoryFile } from '../../sim/checker/history/history-file.ts';
import { RandomStream } from '../../sim/kernel/random-stream.ts';

export interface LoadResult {
  verdict: 'ok' | 'illegal' | 'unknown';
  counts: { ok: number; failed: number; unknown: number };
  /** Keys that could not be read in the end, whatever was tried. */
  unread: string[];
  /** Operations that were answered in the time after `body` had ended. */
  okAfter: number;
}

export interface LoadOptions<Recorder extends LiveRecorder> {
  endpoint: string;
  shards: number;
  seed: number;
  newRecorder: (path: string) => Recorder;
}

const clientsPerShard = 4;
const keysPerShard = 2;
/** How long clients go on after the body, to show that the store serves again. */
const afterMs = 2000;
const readsMax = 60;

/** Writes that were acknowledged and lost show in the last reads: they are part of the history that is judged. */
export async function underLoad<Recorder extends LiveRecorder>(
  { endpoint, shards, seed, newRecorder }: LoadOptions<Recorder>,
  body: (recorder: Recorder) => Promise<void>,
): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'vase-load-'));
  const file = join(folder, 'history.jsonl');
  const never = new AbortController().signal;
  const options = { prefix: `load-${Date.now()}-${seed}`, shards, keysPerShard, signal: never };
  const keys = await surveyKeys(endpoint, options);
  const door = { url: endpoint, sharder: null };
  const traffic = new Traffic(keys, [door]);
  const recorder = newRecorder(file);
  const stop = new AbortController();
  let value = 0;
  const newClient = (name: string) =>
    new LiveClient({ traffic, recorder, random: new RandomStream(seed, name), nextValue: () => ++value });
  const clients = traffic.shards.flatMap((shard) =>
    Array.from({ length: clientsPerShard }, async (_, index) => {
      const client = newClient(`client ${index} of ${shard}`);
      await client.run(shard, { until: stop.signal, broken: never });
      client.close();
    }),
  );
  try {
    await body(recorder);
    const before = recorder.counts.ok;
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const okAfter = recorder.counts.ok - before;
    stop.abort();
    await Promise.all(clients);
    const reader = newClient('final reads');
    const unread: string[] = [];
    for (const key of keys) {
      let isRead = false;
      for (let attempt = 0; attempt < readsMax && !isRead; attempt++)
        isRead = (await reader.operate(key, door, { kind: 'get' }, never)).kind === 'ok';
      if (!isRead) unread.push(key.name);
    }
    reader.close();
    await recorder.close();
    const verdict = checkHistory((await readHistoryFile(file)).operations).kind;
    return { verdict, counts: { ...recorder.counts }, unread, okAfter };
  } finally {
    stop.abort();
    await Promise.allSettled(clients);
    await recorder.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nothing that was acknowledged is lost, and the store served all along and serves now. */
export function expectWell(result: LoadResult): void {
  expect(result).toMatchObject({ verdict: 'ok', unread: [] });
  expect(result.counts.ok).toBeGreaterThan(100);
  expect(result.okAfter).toBeGreaterThan(0);
}
