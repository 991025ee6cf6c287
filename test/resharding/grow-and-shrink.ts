/**
 * A cluster under load gets two more shards and loses them again, with or without faults. Recorded per second: what the
 * load saw and how many slots moved; judged: every acknowledged write, a history for the checker, and the bounds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { readHistoryFile } from '../../sim/checker/history/history-file.ts';
import { RandomStream } from '../../sim/kernel/random-stream.ts';
import { LiveClient } from '../../scripts/live/live-client.ts';
import { MovingRecorder } from './moving-recorder.ts';
import { surveyKeys } from '../../scripts/live/survey-keys.ts';
import { Traffic } from '../../scripts/live/traffic.ts';
import { openCluster } from './open-clusters.ts';
import { Load } from './load.ts';
import type { LoadSecond } from './load-messages.ts';
import { strike, type StrikeCount } from './strike.ts';
import { ViewServer } from './view-server.ts';

export interface GrowthSettings {
  folder: string;
  /** Of this run, in the names of its files. */
  name: string;
  withFaults: boolean;
  /** As the topology has it; null: its default. */
  keysPerSecond: number | null;
  /** Of each shard; with faults it takes 3, for a leader to be missed. */
  members: 1 | 3;
  keys: number;
  connections: number;
  /** 0: as fast as it goes. */
  requestsPerSecond: number;
  baselineSeconds: number;
  say: (text: string) => void;
}

export interface GrowthSecond extends LoadSecond {
  slotsMoved: number;
  keysCopied: number;
  note: string;
}

export interface GrowthResult {
  members: number;
  seconds: GrowthSecond[];
  before: { p50Ms: number; p99Ms: number; perSecond: number };
  during: { p50Ms: number; p99Ms: number; perSecond: number };
  failed: number;
  unknown: number;
  /** Milliseconds for which slots had no owner, of each move. */
  frozenMs: { moves: number; p50: number; p99: number; max: number };
  /** The most within a second or so, and over each job from its first move's start to its last one's end. */
  keysPerSecondMax: number;
  keysPerSecond: Record<string, number>;
  acknowledgedWrites: number;
  checkedReads: number;
  wrongCount: number;
  wrong: string[];
  verdict: string;
  historyOperations: number;
  strikes: StrikeCount;
  jobSeconds: Record<string, number>;
}

const valueBytes = 128;
const settleMs = 5000;
const historyClientsPerShard = 2;
const cleanMsMax = 120_000;

export async function growAndShrink(settings: GrowthSettings): Promise<GrowthResult> {
  const { withFaults, folder, say } = settings;
  const cluster = await openCluster({
    shards: 3,
    members: settings.members,
    ...(settings.keysPerSecond === null ? {} : { moves: { keysPerSecond: settings.keysPerSecond } }),
    sharders: 2,
    viewServers: withFaults ? 2 : 1,
  });
  const { provider, endpoint } = cluster;
  const server = new ViewServer(provider);
  const seconds: GrowthSecond[] = [];
  const frozen: number[] = [];
  let note = 'filling';
  let slots = 0;
  let keysCopied = 0;
  const load = new Load((second) => {
    seconds.push({ ...second, slotsMoved: slots, keysCopied, note });
    say(
      `${note}: ${second.ok}/s, p50 ${second.p50Ms} ms, p99 ${second.p99Ms} ms, ${second.failed} failed, ${slots} slots`,
    );
    slots = 0;
  });
  const ended = new AbortController();
  try {
    await mkdir(folder, { recursive: true });
    const moved = { keys: 0, fromMs: Infinity, toMs: 0 };
    const events = createWriteStream(join(folder, `events-${settings.name}.jsonl`));
    void server.follow(({ name, data }) => {
      events.write(`${JSON.stringify({ ms: Math.round(performance.now()), name, ...data })}\n`);
      if (name === 'move.import') moved.fromMs = Math.min(moved.fromMs, performance.now());
      if (name === 'move.done') moved.toMs = performance.now();
      if (name !== 'move.activated') return;
      slots += Number(data['slots']);
      moved.keys += Number(data['keysCopied']);
      frozen.push(Number(data['frozenMs']));
    });
    await load.begin(
      { url: endpoint, connections: settings.connections, keys: settings.keys, valueBytes },
      settings.requestsPerSecond,
    );
    note = 'before';
    const history = join(folder, `history-${settings.name}.jsonl`);
    const recorder = new MovingRecorder(history);
    const clients = runHistory(endpoint, recorder, ended.signal);
    await delay(settings.baselineSeconds * 1000);
    const strikes = withFaults ? strike(provider, server, ended.signal) : null;
    const rates: number[] = [];
    const meter = meterKeys(server, ended.signal, (copied, rate) => {
      keysCopied = copied;
      rates.push(rate);
    });
    const jobSeconds: Record<string, number> = {};
    const keysPerSecond: Record<string, number> = {};
    const timed = async (name: string, body: () => Promise<unknown>) => {
      note = name;
      Object.assign(moved, { keys: 0, fromMs: Infinity, toMs: 0 });
      const startedMs = performance.now();
      await body();
      jobSeconds[name] = (performance.now() - startedMs) / 1000;
      note = 'between';
      await delay(settleMs);
      keysPerSecond[name] = Math.round((1000 * moved.keys) / Math.max(1, moved.toMs - moved.fromMs));
    };
    await timed('add 4 and 5', () => server.carryOut('POST', '/shards', { count: 2 }, 'run-add'));
    await timed('remove 5', () => server.carryOut('DELETE', '/shards/5', {}, 'run-remove-5'));
    await timed('remove 4', () => server.carryOut('DELETE', '/shards/4', {}, 'run-remove-4'));
    note = 'after';
    ended.abort();
    const struck = strikes === null ? { leaders: 0, viewServers: 0 } : await strikes;
    await Promise.all([clients, meter]);
    await server.whenClean(cleanMsMax);
    const end = await load.end();
    await recorder.close();
    const { operations } = await readHistoryFile(history);
    const sorted = frozen.toSorted((a, b) => a - b);
    return {
      members: settings.members,
      seconds,
      before: summarize(seconds.filter((second) => second.note === 'before')),
      during: summarize(seconds.filter((second) => /^(add|remove)/.test(second.note))),
      failed: sum(seconds, ({ failed }) => failed),
      unknown: sum(seconds, ({ unknown }) => unknown),
      frozenMs: { moves: sorted.length, p50: at(sorted, 0.5), p99: at(sorted, 0.99), max: at(sorted, 1) },
      keysPerSecondMax: Math.max(0, ...rates),
      keysPerSecond,
      ...end,
      verdict: checkHistory(operations).kind,
      historyOperations: operations.length,
      strikes: struck,
      jobSeconds,
    };
  } finally {
    ended.abort();
    server.stop();
    load.kill();
    await cluster.close();
  }
}

/** A few clients whose every operation is recorded for the checker, beside the load. */
async function runHistory(endpoint: string, recorder: MovingRecorder, signal: AbortSignal): Promise<void> {
  const broken = new AbortController().signal;
  const keys = await surveyKeys(endpoint, { prefix: 'history', shards: 3, keysPerShard: 3, signal: broken });
  const traffic = new Traffic(keys, [{ url: endpoint, sharder: null }]);
  let value = 0;
  await Promise.all(
    traffic.shards.flatMap((shard) =>
      Array.from({ length: historyClientsPerShard }, async (_, index) => {
        const random = new RandomStream(7, `client ${index} of ${shard}`);
        const client = new LiveClient({ traffic, recorder, random, nextValue: () => ++value });
        await client.run(shard, { until: signal, broken });
        client.close();
      }),
    ),
  );
}

async function meterKeys(
  server: ViewServer,
  signal: AbortSignal,
  onReading: (copied: number, perSecond: number) => void,
): Promise<void> {
  while (!signal.aborted) {
    const view = await server.view().catch(() => null);
    if (view !== null) onReading(view.progress.keysCopied, view.progress.keysPerSecond);
    await delay(500);
  }
}

function summarize(seconds: readonly GrowthSecond[]): GrowthResult['before'] {
  if (seconds.length === 0) return { p50Ms: 0, p99Ms: 0, perSecond: 0 };
  const median = (values: number[]) =>
    at(
      values.toSorted((a, b) => a - b),
      0.5,
    );
  return {
    p50Ms: median(seconds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(seconds.map(({ p99Ms }) => p99Ms)),
    perSecond: Math.round(sum(seconds, ({ ok }) => ok) / seconds.length),
  };
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
