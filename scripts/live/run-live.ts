/**
 * A live run: clients work on a cluster of real processes while the nemesis strikes it; then everything is healed, every
 * key is read once more through every door, and the history is judged. The faults are undone even after an error.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../cluster/errors.ts';
import type { ClusterStatus, Provider } from '../../cluster/providers/provider.ts';
import { RandomStream } from '../../sim/kernel/random-stream.ts';
import { delay } from './delay.ts';
import { heal } from './heal.ts';
import { LiveClient } from './live-client.ts';
import { LiveRecorder } from './live-recorder.ts';
import { concludeRun, type LiveResult, type RunSettings } from './live-result.ts';
import { Nemesis } from './nemesis.ts';
import { StoreCaller } from './store-caller.ts';
import { surveyKeys } from './survey-keys.ts';
import { Traffic, type Door } from './traffic.ts';
import { WatchedCluster } from './watched-cluster.ts';

/** Each works on one shard alone, so that a fault in one does not keep the others idle. */
const clientsPerShard = 6;
const keysPerShard = 3;
/** An election, a start and a catching-up take a few seconds; a minute without is a failure. */
const healMsMax = 60_000;
/** A final read may meet a sharder that has not yet found the leader. */
const finalReadAttemptsMax = 20;
const finalReadPauseMs = 100;

export interface LiveSettings extends RunSettings {
  signal: AbortSignal;
  /** Called every second. */
  onProgress(progress: LiveProgress): void;
}

export interface LiveProgress {
  ok: number;
  failed: number;
  unknown: number;
  faults: readonly string[];
  leftMs: number;
}

/**
 * @throws UsageError when there is no whole cluster; the signal's reason, once everything is healed, when it is aborted.
 */
export async function runLive(provider: Provider, settings: LiveSettings): Promise<LiveResult> {
  const { seed, folder, signal } = settings;
  const status = await readyStatus(provider);
  const traffic = await planTraffic(provider, status, settings);
  await mkdir(folder, { recursive: true });
  const recorder = new LiveRecorder(join(folder, 'history.jsonl'));
  const cluster = new WatchedCluster(provider, () => recorder.nowNs());
  const nemesis = new Nemesis({ cluster, traffic, recorder, seed });
  const over = new AbortController();
  const looking = cluster.lookUntil(over.signal);
  try {
    const healed = await workUnderFaults(cluster, { traffic, recorder, nemesis, settings });
    signal.throwIfAborted();
    const unread = healed.health === 'ready' ? await readAll(traffic, recorder, signal) : [];
    await recorder.close();
    await deleteKeys(traffic, signal);
    over.abort();
    await looking;
    const ended = cluster.watch.findings;
    return await concludeRun({ settings, healed, unread, ended, traffic, recorder, fired: nemesis.fired });
  } finally {
    over.abort();
    await recorder.close();
    await looking;
  }
}

async function readyStatus(provider: Provider): Promise<ClusterStatus> {
  const status = await provider.status();
  if (status.health === 'absent' || status.health === 'stopped')
    throw new UsageError('there is no cluster to strike: run `make up` first');
  if (status.health !== 'ready')
    throw new UsageError(
      'the cluster is not well before any fault: `make status` says why, `make up` mends it',
    );
  return status;
}

async function planTraffic(
  provider: Provider,
  status: ClusterStatus,
  { seed, signal }: LiveSettings,
): Promise<Traffic> {
  const endpoint = status.endpoint!;
  const prefix = `live-${Date.now()}-${seed}`;
  const keys = await surveyKeys(endpoint, { prefix, shards: status.shards.length, keysPerShard, signal });
  const own: Door[] = await provider.sharderDoors();
  return new Traffic(keys, [{ url: endpoint, sharder: null }, ...own]);
}

interface Work {
  traffic: Traffic;
  recorder: LiveRecorder;
  nemesis: Nemesis;
  settings: LiveSettings;
}

/** Runs clients and nemesis together for the time of the run, then heals the cluster and returns its status. */
async function workUnderFaults(cluster: WatchedCluster, work: Work): Promise<ClusterStatus> {
  const { nemesis, settings } = work;
  const { signal, durationMs } = settings;
  const failure = new AbortController();
  const timeUp = AbortSignal.timeout(durationMs);
  const broken = AbortSignal.any([signal, failure.signal]);
  const until = AbortSignal.any([broken, timeUp]);
  const endProgress = startProgress(work);
  const clients = runClients(work, until, broken);
  const strikes = nemesis.run(until);
  for (const part of [clients, strikes]) part.catch(() => failure.abort());
  try {
    // Faults end before healing begins: one that strikes after it would stay.
    const ended = await Promise.allSettled([strikes]);
    const status = await heal(cluster, { timeoutMs: healMsMax });
    for (const part of [...ended, ...(await Promise.allSettled([clients]))])
      if (part.status === 'rejected') throw part.reason;
    return status;
  } finally {
    endProgress();
  }
}

async function runClients(
  { traffic, recorder, settings }: Work,
  until: AbortSignal,
  broken: AbortSignal,
): Promise<void> {
  let value = 0;
  const work = async (shard: string, index: number) => {
    const random = new RandomStream(settings.seed, `client ${index} of ${shard}`);
    const client = new LiveClient({ traffic, recorder, random, nextValue: () => ++value });
    try {
      await client.run(shard, { until, broken });
    } finally {
      client.close();
    }
  };
  const indexes = Array.from({ length: clientsPerShard }, (_, index) => index);
  await Promise.all(traffic.shards.flatMap((shard) => indexes.map((index) => work(shard, index))));
}

function startProgress({ recorder, nemesis, settings }: Work): () => void {
  const startMs = performance.now();
  const timer = setInterval(() => {
    const leftMs = Math.max(0, settings.durationMs - (performance.now() - startMs));
    settings.onProgress({ ...recorder.counts, faults: [...nemesis.underWay], leftMs });
  }, 1000);
  return () => clearInterval(timer);
}

/** Reads every key through every door. Returns the reads that failed, each as "key through door". */
async function readAll(traffic: Traffic, recorder: LiveRecorder, signal: AbortSignal): Promise<string[]> {
  const unread: string[] = [];
  const parts = { traffic, recorder, random: new RandomStream(0, 'final reads'), nextValue: () => 0 };
  const client = new LiveClient(parts);
  try {
    for (const door of traffic.doors)
      for (const key of traffic.keys) {
        let isRead = false;
        for (let attempt = 0; attempt < finalReadAttemptsMax && !isRead; attempt++) {
          isRead = (await client.operate(key, door, { kind: 'get' }, signal)).kind === 'ok';
          signal.throwIfAborted();
          if (!isRead) await delay(finalReadPauseMs, signal);
        }
        if (!isRead) unread.push(`${key.name} through ${door.url}`);
      }
    return unread;
  } finally {
    client.close();
  }
}

/** Best effort, and no part of the history: at worst a handful of small keys stays, which no run will use again. */
async function deleteKeys({ keys, doors }: Traffic, signal: AbortSignal): Promise<void> {
  const caller = new StoreCaller();
  for (const { stored } of keys) {
    const url = `${doors[0]!.url}/v1/kv/${stored}`;
    await caller.call({ method: 'DELETE', url, headers: {}, body: null }, signal);
  }
  caller.close();
}
