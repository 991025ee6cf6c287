/**
 * `make bench-sharder`: the sharder's hot path against bare servers of node:http and Koa, one etcd3 call per request and etcd's JSON
 * gateway, on three real members, in one run. What it prints that holds on other machines are the ratios.
 * DURATION, ROUNDS, SHARDS, KEYS, CONNECTIONS=16,128,500, WORKLOADS=GET,PUT,50/50 change the run.
 */
import Table from 'cli-table3';
import { startLocalCluster } from '../support/local-cluster.ts';
import type { Workload } from './sharder/load-process.ts';
import { measure } from './sharder/measure.ts';
import { readBatches } from './sharder/read-batches.ts';
import { startServer, type Target, type TargetName } from './sharder/targets.ts';
import { type Cell, judge, medianOf } from './sharder/verdict.ts';

const setting = (name: string, fallback: string) => process.env[name] ?? fallback;
const seconds = Number(setting('DURATION', '5'));
const rounds = Number(setting('ROUNDS', '1'));
const keys = Number(setting('KEYS', '10000'));
const connections = setting('CONNECTIONS', '16,128,500').split(',').map(Number);
const workloads = setting('WORKLOADS', 'PUT,GET,50/50').split(',') as Workload[];
const valueBytes = 128;

type Cells = Map<string, Cell>;
const cellName = (workload: Workload, count: number, target: TargetName) => `${workload} ${count} ${target}`;

const cluster = await startLocalCluster({ shards: Number(setting('SHARDS', '1')), members: 3, sharders: 1 });
type Server = Awaited<ReturnType<typeof startServer>>;
const children: Server[] = [];
let broken = 0;
try {
  const { shards } = await cluster.provider.status();
  const etcdPids = shards.flatMap(({ members }) => members.map(({ pid }) => pid!));
  const home = shards[0]!.members.map(({ endpoint }) => endpoint).join(',');
  const environment = { VASE_HOME: home, VASE_MAX_TXN_OPS: '1024' };
  for (const script of [
    '../../../sharder/main.ts',
    './bare-http.ts',
    './bare-koa.ts',
    './one-call-per-request.ts',
  ]) {
    children.push(await startServer(script, environment));
  }
  const [vase, http, koa, oneCall] = children as [Server, Server, Server, Server];
  const leader = shards[0]!.members.find(({ name }) => name === shards[0]!.leader)!;
  const targets: Target[] = [
    { name: 'vase', url: vase.url, pid: vase.pid!, dialect: 'vase' },
    { name: 'node:http', url: http.url, pid: http.pid!, dialect: 'vase' },
    { name: 'koa', url: koa.url, pid: koa.pid!, dialect: 'vase' },
    { name: 'one call', url: oneCall.url, pid: oneCall.pid!, dialect: 'vase' },
    { name: 'gateway', url: `http://${leader.endpoint}`, pid: null, dialect: 'gateway' },
  ];
  console.log(
    `${shards.length} shard(s) x 3 members, ${keys} keys, ${valueBytes}-byte values, ${rounds} round(s) of ${seconds} s\n`,
  );
  const cells = await runAll(targets, etcdPids);
  print(cells);
  for (const { holds, text } of judge(cells)) {
    if (!holds) broken++;
    console.log(`${holds ? 'held  ' : 'BROKEN'} ${text}`);
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
  await cluster.close();
}
process.exitCode = broken > 0 ? 1 : 0;

/** Fills all keys once, so that no GET misses, then measures cell after cell; the targets of a cell stand side by side. */
async function runAll(targets: Target[], etcdPids: number[]): Promise<Cells> {
  const order = { keys, valueBytes, warmSeconds: 2, seconds };
  for (const target of targets.filter(({ name }) => name !== 'koa' && name !== 'node:http')) {
    await measure(
      {
        ...order,
        url: target.url,
        dialect: target.dialect,
        workload: 'PUT',
        connections: 500,
        warmSeconds: 8,
        seconds: 1,
      },
      { targetPid: target.pid, etcdPids },
    );
  }
  const cells: Cells = new Map();
  for (const workload of workloads) {
    for (const count of connections) {
      const runs = new Map<TargetName, Cell[]>();
      for (let round = 0; round < rounds; round++) {
        for (const { name, url, pid, dialect } of targets) {
          const before = name === 'vase' ? await readBatches(url) : null;
          const measured = await measure(
            { ...order, url, dialect, workload, connections: count },
            { targetPid: pid, etcdPids },
          );
          const meanBatch = before === null ? null : (await readBatches(url)).meanSince(before);
          runs.set(name, [...(runs.get(name) ?? []), { ...measured, meanBatch }]);
          if (process.stderr.isTTY) process.stderr.write(`\r${workload} ${count} ${name}            `);
        }
      }
      for (const [name, list] of runs) cells.set(cellName(workload, count, name), medianOf(list));
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r                              \r');
  return cells;
}

function print(cells: Cells): void {
  const head = [
    'load',
    'target',
    'req/s',
    'vase is',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'CPU us',
    'etcd us',
    'load us',
    'batch',
    'peak MiB',
    'errors',
  ];
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: head.map((_, index) => (index < 2 ? 'left' : 'right')),
  });
  for (const [name, cell] of cells) {
    const [workload, count, ...target] = name.split(' ');
    const vase = cells.get(cellName(workload as Workload, Number(count), 'vase'))!;
    const fixed = (value: number | null, digits = 1) => (value === null ? '-' : value.toFixed(digits));
    table.push([
      `${workload} ${count}`,
      target.join(' '),
      fixed(cell.requestsPerSecond, 0),
      `${fixed(vase.requestsPerSecond / cell.requestsPerSecond, 2)}x`,
      fixed(cell.p50Ms),
      fixed(cell.p99Ms),
      fixed(cell.p999Ms),
      fixed(cell.targetCpuMicros),
      fixed(cell.etcdCpuMicros),
      fixed(cell.loadCpuMicros),
      fixed(cell.meanBatch),
      fixed(cell.residentMebibytes, 0),
      cell.errors,
    ]);
  }
  console.log(table.toString());
}
