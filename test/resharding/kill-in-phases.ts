/** The view server is killed as it enters each phase, of an addition and of a removal, and started again. */
import { openCluster } from './open-clusters.ts';
import { ViewServer } from './view-server.ts';

/** Events as they are emitted: of the job, then those of a move. */
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
  const cluster = await openCluster({ shards: 2, members: 1, sharders: 1 });
  const server = new ViewServer(cluster.provider);
  const results: CrashResult[] = [];
  try {
    await Promise.all(keys.map((key) => put(cluster.endpoint, key)));
    let armed: ((moment: string) => void) | null = null;
    void server.follow(({ name, data }) => {
      if (name === 'job' && String(data['note']).startsWith('making')) armed?.('making');
      if (name.startsWith('move.')) armed?.(name.slice('move.'.length));
    });
    for (const moment of moments) {
      for (const work of moment === 'making' ? ['add'] : ['add', 'remove']) {
        const ids = (await server.view()).shards.map(({ id }) => id);
        // Whatever the round before left: shards grow and shrink in turn.
        const isAdd = work === 'add';
        if (!isAdd && ids.length < 3) continue;
        const startedMs = performance.now();
        const struck = new Promise<void>((resolve) => {
          armed = (seen) => {
            if (seen !== moment) return;
            armed = null;
            void cluster.provider.faults.kill('view-server-1').then(resolve);
          };
        });
        const key = `crash-${work}-${moment}`;
        const done = isAdd
          ? server.carryOut('POST', '/shards', { count: 1 }, key)
          : server.carryOut('DELETE', `/shards/${ids.at(-1)}`, {}, key);
        const first = await Promise.race([struck.then(() => 'struck'), done.then(() => 'done')]);
        armed = null;
        if (first === 'struck') await cluster.provider.faults.restart('view-server-1');
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
  }
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
