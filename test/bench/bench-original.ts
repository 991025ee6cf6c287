/**
 * `make bench-original`: Vase beside a model of the original's path, on the same etcd clusters, under the original's load
 * (500 users, 101 keys, a put and a get in turn): one sharder with the original's limit of 0.3 core, and without a limit.
 * Exit code 1 when Vase serves less than 50 times the requests under the limit, when a request to it fails, or when the
 * model breaks down.
 * SHARDS, MEMBERS, USERS, DURATION (seconds), STACK (stdlib, flask) change the run.
 */
import Table from 'cli-table3';
import type { LoadOutcome } from '../../scripts/bench/load/run-load.ts';
import { runLoad } from '../../scripts/bench/load/run-load.ts';
import type { Workload } from '../../scripts/bench/records/run-data.ts';
import { startLocalCluster } from '../support/local-cluster.ts';
import { startBaseline } from './original/baseline.ts';
import { cpuMicroseconds } from './sharder/process-usage.ts';

const setting = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const shards = setting('SHARDS', 7);
const members = setting('MEMBERS', 1);
const seconds = setting('DURATION', 15);
const ratioMin = 50;
/** Of the requests of one row. */
const failedShareMax = 0.01;
const workload: Workload = {
  name: 'original',
  users: setting('USERS', 500),
  keys: 101,
  valueBytes: 16,
  distribution: 'uniform',
};

interface Row {
  limit: string | null;
  store: string;
  load: LoadOutcome;
  cores: number;
}

// An interrupted run ends its processes too.
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));

const rows: Row[] = [];
for (const limit of ['300m', null]) rows.push(...(await sideBySide(limit)));
print(rows);
const ratio = ratioOf(rows, '300m');
const failures = rows
  .filter(({ store }) => store === 'Vase')
  .reduce((sum, { load }) => sum + load.failed + load.indefinite, 0);
if (ratio < ratioMin)
  console.log(`Under the limit Vase is ${ratio.toFixed(1)} times the original: below ${ratioMin}.`);
// A busy machine, or one too small for the load as well, gives Vase less than its limit allows.
const used = rows[0]!.cores;
if (used < 0.27)
  console.log(`Vase's sharder used ${used.toFixed(2)} of its 0.3 core: the machine held it back.`);
if (failures > 0) console.log(`${failures} requests to Vase failed.`);
// A model that has broken down flatters Vase: requests fail, or nearly all of them only wait.
const broken = rows.filter(
  ({ load }) => load.requestsPerSecond < 1 || load.failed + load.indefinite > failedShareMax * load.requests,
);
for (const { limit, store } of broken)
  console.log(`With limit ${limit ?? 'none'}, ${store} broke down: there is nothing to compare.`);
process.exitCode = ratio < ratioMin || failures > 0 || broken.length > 0 ? 1 : 0;

async function sideBySide(limit: string | null): Promise<Row[]> {
  const cluster = await startLocalCluster({
    shards,
    members,
    sharders: 1,
    viewServers: 0,
    resources: { sharder: { cpu: limit } },
  });
  try {
    const status = await cluster.provider.status();
    const leaders = status.shards.map(
      (shard) => shard.members.find(({ name }) => name === shard.leader)!.endpoint,
    );
    const baseline = await startBaseline(leaders, limit);
    try {
      return [
        await measure(limit, 'Vase', cluster.endpoint, status.sharders[0]!.pid!),
        await measure(limit, `original (${baseline.stack})`, baseline.url, baseline.pid),
      ];
    } finally {
      await baseline.close();
    }
  } finally {
    await cluster.close();
  }
}

async function measure(limit: string | null, store: string, url: string, pid: number): Promise<Row> {
  let opened = { us: 0, atMs: 0 };
  let cores = 0;
  const load = await runLoad({
    urls: [url],
    workload,
    warmupSeconds: 3,
    seconds,
    ratePerSecond: null,
    signal: interrupt.signal,
    onWindow: (moment) => {
      const now = { us: cpuMicroseconds([pid]), atMs: performance.now() };
      if (moment === 'opened') opened = now;
      else cores = (now.us - opened.us) / 1000 / (now.atMs - opened.atMs);
    },
  });
  return { limit, store, load, cores };
}

function ratioOf(of: readonly Row[], limit: string | null): number {
  const [vase, original] = of.filter((row) => row.limit === limit);
  return vase!.load.requestsPerSecond / original!.load.requestsPerSecond;
}

function print(of: readonly Row[]): void {
  const head = [
    'limit',
    'store',
    'requests/s',
    'Vase is',
    'median ms',
    'mean ms',
    'p95 ms',
    'cores',
    'CPU us',
    'failed',
  ];
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: head.map((_, index) => (index < 2 ? 'left' : 'right')),
  });
  for (const { limit, store, load, cores } of of) {
    const { requestsPerSecond, latency } = load;
    table.push([
      limit ?? 'none',
      store,
      requestsPerSecond.toFixed(1),
      store === 'Vase' ? `${ratioOf(of, limit).toFixed(1)}x` : '',
      latency.medianMs.toFixed(1),
      latency.meanMs.toFixed(1),
      latency.p95Ms.toFixed(1),
      cores.toFixed(2),
      ((cores / requestsPerSecond) * 1_000_000).toFixed(0),
      load.failed + load.indefinite,
    ]);
  }
  console.log(
    `${shards} shards x ${members} members, ${workload.users} users, ${seconds} s each\n${table.toString()}`,
  );
}
