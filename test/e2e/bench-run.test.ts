// `vase bench` on real clusters: killed in the middle and run again, and with a cell that cannot be deployed.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Provider } from '../../cluster/providers/provider.ts';
import { readEnvironment } from '../../scripts/bench/run/environment.ts';
import { parsePlan } from '../../scripts/bench/records/plan-input.ts';
import { runBench } from '../../scripts/bench/run/run-bench.ts';
import type { CellResult } from '../../scripts/bench/records/run-data.ts';
import { RunFolder } from '../../scripts/bench/records/run-folder.ts';
import { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import { checkout, VaseCommand } from './vase-command.ts';

const tiny = {
  members: 1,
  warmup: 1,
  duration: 2,
  workload: { name: 'ycsb-a', users: 20, keys: 500, valueBytes: 100 },
  a: { sharders: 1, shards: 1 },
  b: { sharders: 2, shards: 2 },
};

let vase: VaseCommand;
let folder: string;
beforeEach(() => {
  vase = new VaseCommand();
  folder = mkdtempSync(join(tmpdir(), 'vase-bench-'));
});
afterEach(async () => {
  await vase.remove();
  rmSync(folder, { recursive: true });
});

test('a run that was killed in its second cell goes on with it, keeps the first, and leaves nothing', async () => {
  const plan = join(folder, 'tiny.json');
  const expectations = [{ from: 'a', to: 'b', figure: 'requests_per_second', ratioMin: 1000 }];
  writeFileSync(plan, JSON.stringify({ ...tiny, expectations }));
  const child = vase.start(['bench', '--plan', plan, '--json']);
  for await (const line of createInterface(child.stdout!)) {
    const { test: name, phase } = JSON.parse(line) as { test?: string; phase?: string };
    if (name === 'b' && phase === 'measuring') break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const runs = join(vase.stateRoot, 'runs');
  const [run] = readdirSync(runs);
  const cells = join(runs, run!, 'cells');
  expect(readdirSync(cells)).toEqual(['a-1.json']);
  expect(vase.processes().length).toBeGreaterThan(0);
  const first = readFileSync(join(cells, 'a-1.json'), 'utf8');

  const again = await vase.run(['bench', '--plan', plan, '--json']);
  expect(again.stderr).toBe('');
  expect(readdirSync(runs)).toEqual([run]);
  expect(readFileSync(join(cells, 'a-1.json'), 'utf8')).toBe(first);
  const result = JSON.parse(readFileSync(join(cells, 'b-1.json'), 'utf8')) as CellResult;
  expect(result.peak.requests).toBeGreaterThan(100);
  expect(result.peak).toMatchObject({ failed: 0, indefinite: 0 });
  expect(Object.keys(result.requestsPerShard).toSorted()).toEqual(['etcd-1', 'etcd-2']);
  expect(result.batch.reads).toBeGreaterThan(0);
  expect(result.use.map(({ name }) => name).toSorted()).toEqual([
    'etcd-1-0',
    'etcd-2-0',
    'sharder-1',
    'sharder-2',
  ]);
  expect(result.fsync.length).toBe(2);
  expect(result.fsync[0]!.fsyncsPerSecond).toBeGreaterThan(0);
  expect(result.machineCores).toBeGreaterThan(0);
  const samples = readFileSync(join(runs, run!, 'samples', 'b-1.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(samples.length).toBe(tiny.duration);

  // Nothing grows a thousandfold, so the expectation is broken, and the exit code shows it.
  expect(again.exitCode).toBe(1);
  const told = JSON.parse(again.stdout.trim().split('\n').at(-1)!) as { expectations: { verdict: string }[] };
  expect(told.expectations.map(({ verdict }) => verdict)).toEqual(['broken']);
  expect(existsSync(join(runs, run!, 'report.html'))).toBe(true);
  expect(readFileSync(join(runs, run!, 'results.csv'), 'utf8').split('\n').length).toBe(4);
  expect(vase.processes()).toEqual([]);
  expect(existsSync(join(runs, run!, 'cluster'))).toBe(false);
});

test('a cell whose deployment fails is recorded, and the others run', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const run = new RunFolder(join(folder, 'run'));
  const plan = parsePlan({ ...tiny, workload: 'original' }, 'tiny');
  const fitted: string[] = [];
  try {
    const { results, failures } = await runBench({
      plan,
      folder: run,
      environment: await readEnvironment({ checkout, binaries: join(checkout, '.vase', 'bin') }, plan),
      notes: ['a note'],
      createProvider: async (stateRoot) => withPortOf(createLocal(stateRoot), { sharders: 1, port }),
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onPredict: (tests) => fitted.push(...tests),
    });
    expect(failures).toMatchObject([
      { test: 'a', failure: expect.stringContaining(`port ${port} is taken`) },
    ]);
    expect(results.map((result) => result.test)).toEqual(['b']);
    expect(fitted).toEqual(['b']);
    expect(results[0]!.peak.requests).toBeGreaterThan(100);
    expect(results[0]!.notes).toContain('a note');
    expect(run.readEnvironment()).toMatchObject({
      etcd: expect.stringMatching(/^3\.\d+\.\d+$/),
      disk: 'off',
    });
    expect(run.readEnvironment()!.fsyncP99Ms).toBeGreaterThan(0);
    expect(existsSync(run.stateRoot)).toBe(false);
  } finally {
    holder.close();
  }
});

function createLocal(stateRoot: string): LocalProvider {
  const binaries = join(checkout, '.vase', 'bin');
  return new LocalProvider({
    checkout,
    stateRoot,
    binaries,
    environment: process.env,
    nodePath: process.execPath,
  });
}

/** Makes clusters with this many sharders ask for a port that another program has. */
function withPortOf(provider: Provider, wanted: { sharders: number; port: number }): Provider {
  const up = provider.up.bind(provider);
  provider.up = (requested, options) => {
    const topology = requested as { sharders: number };
    if (topology.sharders !== wanted.sharders) return up(requested, options);
    return up({ ...topology, ports: { http: wanted.port } }, options);
  };
  return provider;
}
