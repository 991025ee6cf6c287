/** results.csv: the columns of the original's results, in its order and units, then columns that it did not have. */
import type { CellResult } from './run-data.ts';

const columns: [name: string, of: (result: CellResult) => string | number][] = [
  ['test', ({ test }) => test],
  ['sharders', ({ cell }) => cell.sharders],
  ['shards', ({ cell }) => cell.shards],
  ['users', ({ cell }) => cell.workload.users],
  ['requests', ({ peak }) => peak.requests],
  ['failures', ({ peak }) => peak.failed + peak.indefinite],
  ['requests_per_second', ({ peak }) => peak.requestsPerSecond.toFixed(2)],
  ['median_ms', ({ peak }) => peak.latency.medianMs.toFixed(2)],
  ['mean_ms', ({ peak }) => peak.latency.meanMs.toFixed(2)],
  ['p90_ms', ({ peak }) => peak.latency.p90Ms.toFixed(2)],
  ['p95_ms', ({ peak }) => peak.latency.p95Ms.toFixed(2)],
  ['p99_ms', ({ peak }) => peak.latency.p99Ms.toFixed(2)],
  ['p99_9_ms', ({ peak }) => peak.latency.p999Ms.toFixed(2)],
  ['max_ms', ({ peak }) => peak.latency.maxMs.toFixed(2)],
  ['repeat', ({ repeat }) => repeat],
  ['members', ({ cell }) => cell.members],
  ['workload', ({ cell }) => cell.workload.name],
  ['failed', ({ peak }) => peak.failed],
  ['indefinite', ({ peak }) => peak.indefinite],
  ['sharder_cores', ({ use }) => coresOf(use, /^sharder-/)],
  ['etcd_cores', ({ use }) => coresOf(use, /^etcd-/)],
  ['generator_cores', ({ peak }) => peak.generatorCores.toFixed(3)],
  ['machine_cores', ({ machineCores }) => machineCores.toFixed(3)],
  [
    'fsync_p99_ms',
    ({ fsync }) => (fsync.length === 0 ? '' : Math.max(...fsync.map(({ p99Ms }) => p99Ms)).toFixed(2)),
  ],
  ['batch_reads', ({ batch }) => batch.reads?.toFixed(2) ?? ''],
  ['batch_writes', ({ batch }) => batch.writes?.toFixed(2) ?? ''],
  ['limit', ({ limit }) => limit],
];

function coresOf(use: CellResult['use'], names: RegExp): string {
  const chosen = use.filter(({ name }) => names.test(name));
  return chosen.length === 0 ? '' : chosen.reduce((sum, { cores }) => sum + cores, 0).toFixed(3);
}

/** A line for each result; names of tests hold nothing that CSV would have to quote. */
export function resultsCsv(results: readonly CellResult[]): string {
  const lines = results.map((result) => columns.map(([, of]) => of(result)).join(','));
  return `${[columns.map(([name]) => name).join(','), ...lines].join('\n')}\n`;
}
