/** The view server is killed as it enters each phase, of an addition and of a removal, and started again. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openCluster } from './open-clusters.ts';
import { ViewServer } from './view-server.ts';

/** Of the job: while a shard is made; then the phases of a move. */
const moments = [
  'making',
  'import',
  'copy',
  'tail',
  'freeze',
  'drain',
  'activate',
  'publish',
  'clean',
] as const;
const keys = Array.from({ length: 500 }, (_, index) => `crash-${index}`);
const cleanMsMax = 120_000;
const orderPollMs = 20;

export interface CrashResult {
  work: string;
  moment: string;
  /** False: the work ended before the moment came. */
  struck: boolean;
  seconds: number;
  shards: number[];
  problem: string | null;
}

export async function killInPhases(say: (text: string) => void): Promise<CrashResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vase-crashes-'));
  const order = join(folder, 'die-at');
  const hook = new URL(`die-at-phase.ts?${encodeURIComponent(order)}`, import.meta.url).href;
  const topology = { shards: 2, members: 1, sharders: 1 } as const;
  const cluster = await openCluster(topology, { viewServerNodeArguments: ['--import', hook] });
  const server = new ViewServer(cluster.provider);
  const results: CrashResult[] = [];
  try {
    await Promise.all(keys.map((key) => put(cluster.endpoint, key)));
    const makings: (() => void)[] = [];
    void server.follow(({ name, data }) => {
      if (name === 'job' && String(data['note']).startsWith('making')) makings.shift()?.();
    });
    for (const moment of moments) {
      for (const work of moment === 'making' ? ['add'] : ['add', 'remove']) {
        const ids = (await server.view()).shards.map(({ id }) => id);
        // Whatever the round before left: shards grow and shrink in turn.
        const isAdd = work === 'add';
        if (!isAdd && ids.length < 3) continue;
        const startedMs = performance.now();
        const ended = new AbortController();
        const struck =
          moment === 'making'
            ? new Promise<void>((resolve) => makings.push(resolve))
            : whenObeyed(order, moment, ended.signal);
        const key = `crash-${work}-${moment}`;
        const done = isAdd
          ? server.carryOut('POST', '/shards', { count: 1 }, key)
          : server.carryOut('DELETE', `/shards/${ids.at(-1)}`, {}, key);
        const first = await Promise.race([struck.then(() => 'struck'), done.then(() => 'done')]);
        ended.abort();
        makings.length = 0;
        rmSync(order, { force: true });
        // What is to be killed while it makes a shard is killed from outside; what has died is not hurt by it.
        if (first === 'struck') {
          await cluster.provider.faults.kill('view-server-1');
          await cluster.provider.faults.restart('view-server-1');
        }
        const problem = await done.then(
          () => null,
          (error: unknown) => (error as Error).message,
        );
        const view = await server.whenClean(cleanMsMax);
        const result: CrashResult = {
          work,
          moment,
          struck: first === 'struck',
          seconds: (performance.now() - startedMs) / 1000,
          shards: view.shards.map(({ id }) => id),
          problem: problem ?? (await findLoss(cluster.endpoint)),
        };
        results.push(result);
        say(JSON.stringify(result));
      }
      // A round of `making` adds without removing.
      if (moment === 'making') {
        const { shards } = await server.view();
        await server.carryOut('DELETE', `/shards/${shards.at(-1)!.id}`, {}, 'crash-making-undo');
      }
    }
    return results;
  } finally {
    server.stop();
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Orders the view server to die as it enters the phase; resolves when it has, or at the signal. */
async function whenObeyed(order: string, phase: string, signal: AbortSignal): Promise<void> {
  writeFileSync(order, phase);
  while (existsSync(order) && !signal.aborted) await delay(orderPollMs);
}

async function put(endpoint: string, key: string): Promise<void> {
  const response = await fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body: `value of ${key}` });
  if (!response.ok) throw new Error(`PUT ${key}: ${response.status}`);
}

async function findLoss(endpoint: string): Promise<string | null> {
  for (const key of keys) {
    const response = await fetch(`${endpoint}/v1/kv/${key}`);
    const text = await response.text();
    if (text !== `value of ${key}`) return `${key}: ${response.status} ${text.slice(0, 100)}`;
  }
  return null;
}
