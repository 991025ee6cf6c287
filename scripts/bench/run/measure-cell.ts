/**
 * Measures one cell: it makes a new cluster, loads it, reads what all parts used meanwhile, and removes
 * it. The closed loop shows the peak; the runs at fixed rates that follow show the latencies below it.
 */
import { availableParallelism } from 'node:os';
import {
  fsyncsBetween,
  type FsyncHistogram,
  readFsyncHistogram,
} from '../../../cluster/metrics/fsync-histogram.ts';
import { ClusterError } from '../../../cluster/errors.ts';
import type { ClusterStatus, Provider } from '../../../cluster/providers/provider.ts';
import type { StepReporter } from '../../../cluster/providers/steps.ts';
import { readUsage } from './read-usage.ts';
import { type Usage, useBetween } from '../../../cluster/host/usage.ts';
import { cellTopology, clusterName, limitsOf } from '../records/cell-topology.ts';
import { isGeneratorFull, judgeLimit } from './judge-limit.ts';
import { fillStore, type LoadOutcome, runLoad } from '../load/run-load.ts';
import type { BenchPlan, CellResult, LoadResult, Sample } from '../records/run-data.ts';
import type { Turn } from '../records/run-folder.ts';
import { batchesBetween, type BatchCounts, readBatches } from './sharder-metrics.ts';

/** A rate needs no warm-up of the store, only of its own connections. */
const rateWarmupSeconds = 2;

export type CellPhase =
  'deploying' | 'filling' | 'warming up' | 'measuring' | 'measuring rates' | 'cleaning up';

export interface CellOptions {
  plan: BenchPlan;
  turn: Turn;
  provider: Provider;
  signal: AbortSignal;
  onPhase: (phase: CellPhase) => void;
}

export interface MeasuredCell {
  result: CellResult;
  samples: Sample[];
  /** The status when the load had ended. */
  status: ClusterStatus;
}

/**
 * @throws the error of deploying or loading, or the signal's reason; the cluster is removed then, too.
 */
export async function measureCell(options: CellOptions): Promise<MeasuredCell> {
  const { plan, turn, provider, signal, onPhase } = options;
  const cleanUp = () => provider.clean({ reporter: silent, signal: new AbortController().signal });
  onPhase('deploying');
  // A run that was killed may have left its cluster.
  await cleanUp();
  try {
    const { endpoint } = await provider.up(cellTopology(plan, turn.cell), { reporter: silent, signal });
    return await loadCell(options, endpoint);
  } finally {
    onPhase('cleaning up');
    await cleanUp();
  }
}

const silent: StepReporter = { started() {}, progressed() {}, succeeded() {}, failed() {} };

async function loadCell(
  { plan, turn, provider, signal, onPhase }: CellOptions,
  endpoint: string,
): Promise<MeasuredCell> {
  const { cell } = turn;
  const startedAt = new Date().toISOString();
  const status = await provider.status();
  const doors = (await provider.sharderDoors()).map(({ url }) => url);
  const load = { urls: [endpoint], workload: cell.workload, signal };
  if (cell.workload.name.startsWith('ycsb')) {
    onPhase('filling');
    const { failed } = await fillStore(load);
    if (failed > 0) throw new ClusterError(`${failed} of ${cell.workload.keys} keys could not be written`);
  }
  onPhase('warming up');
  const readings: Reading[] = [];
  const { samples, ...peak } = await runLoad({
    ...load,
    warmupSeconds: plan.warmupSeconds,
    seconds: plan.durationSeconds,
    ratePerSecond: null,
    onWindow: async (moment) => {
      if (moment === 'opened') onPhase('measuring');
      readings.push(await takeReading(status, doors));
    },
  });
  const rates = await runRates({ plan, turn, signal, onPhase }, load, peak.requestsPerSecond);
  const [before, after] = readings as [Reading, Reading];
  const result = resultOf({ plan, turn, startedAt, status, peak, rates }, before, after);
  // By this time the members have synced what the load wrote.
  return { result, samples, status: await provider.status() };
}

async function runRates(
  { plan, turn: { cell }, signal, onPhase }: Omit<CellOptions, 'provider'>,
  load: Pick<Parameters<typeof runLoad>[0], 'urls' | 'workload' | 'signal'>,
  peakPerSecond: number,
): Promise<LoadResult[]> {
  const rates: LoadResult[] = [];
  for (const share of cell.rateShares ?? plan.rateShares) {
    signal.throwIfAborted();
    onPhase('measuring rates');
    const ratePerSecond = Math.max(1, Math.round(share * peakPerSecond));
    const { samples: _, ...result }: LoadOutcome = await runLoad({
      ...load,
      warmupSeconds: rateWarmupSeconds,
      seconds: plan.rateSeconds,
      ratePerSecond,
    });
    rates.push(result);
  }
  return rates;
}

/** The counters of all processes at one moment. */
interface Reading {
  usage: Usage;
  batches: BatchCounts;
  fsync: ReadonlyMap<string, FsyncHistogram | null>;
}

/** It reads the processor times first: the later calls cost the sharders and members processor time. */
async function takeReading(status: ClusterStatus, doors: readonly string[]): Promise<Reading> {
  const usage = await readUsage(status, clusterName);
  const members = status.shards.flatMap((shard) => shard.members);
  const [batches, histograms] = await Promise.all([
    readBatches(doors),
    Promise.all(members.map(({ endpoint }) => readFsyncHistogram(`http://${endpoint}`))),
  ]);
  return {
    usage,
    batches,
    fsync: new Map(members.map(({ name }, index) => [name, histograms[index] ?? null])),
  };
}

type Loaded = Pick<CellOptions, 'plan' | 'turn'> & {
  startedAt: string;
  status: ClusterStatus;
  peak: LoadResult;
  rates: LoadResult[];
};

function resultOf(
  { plan, turn, startedAt, status, peak, rates }: Loaded,
  before: Reading,
  after: Reading,
): CellResult {
  const { processes, machineCores } = useBetween(before.usage, after.usage);
  const { operationsPerShard, reads, writes } = batchesBetween(before.batches, after.batches);
  const syncs = [...after.fsync].flatMap(([member, histogram]) => {
    const earlier = before.fsync.get(member) ?? null;
    const between = earlier && histogram && fsyncsBetween(earlier, histogram);
    return between ? [{ member, ...between }] : [];
  });
  const sharders = new Set(status.sharders.map(({ name }) => name));
  const limits = limitsOf(plan, turn.cell);
  const limit = judgeLimit({
    peak,
    limits,
    sharders: processes.filter(({ name }) => sharders.has(name)),
    members: processes.filter(({ name }) => !sharders.has(name)),
    // Only a capped disk can be the limit; an uncapped one is the machine's.
    fsyncBusy:
      limits.ssd === 'off'
        ? []
        : syncs.map(({ meanMs, fsyncsPerSecond }) => (meanMs * fsyncsPerSecond) / 1000),
    machineCores,
    cores: availableParallelism(),
  });
  return {
    test: turn.cell.test,
    repeat: turn.repeat,
    cell: turn.cell,
    startedAt,
    peak,
    rates,
    use: processes,
    fsync: syncs.map(({ member, p50Ms, p99Ms, fsyncsPerSecond }) => ({
      member,
      p50Ms,
      p99Ms,
      fsyncsPerSecond,
    })),
    requestsPerShard: operationsPerShard,
    batch: { reads, writes },
    machineCores: machineCores ?? 0,
    limit,
    notes: [...status.notes, ...generatorNotes(peak, rates)],
  };
}

function generatorNotes(peak: LoadResult, rates: readonly LoadResult[]): string[] {
  return [peak, ...rates].filter(isGeneratorFull).map(({ offeredPerSecond, generatorCores }) => {
    const load = offeredPerSecond === null ? 'The closed loop' : `The run at ${offeredPerSecond} requests/s`;
    return `${load} kept the load generator busy (${generatorCores.toFixed(2)} cores): its figures are the generator's, not the store's.`;
  });
}
