/** Predictions as text: tables for people, CSV for other programs. */
import Table from 'cli-table3';
import type { PredictedTest, PlannedCell } from '../../../sim/capacity/predict-plan.ts';
import type { ScalingFit } from '../../../sim/capacity/scaling-law.ts';
import type { Curve } from '../../../sim/capacity/scaling-curve.ts';
import type { Size, Target } from '../../../sim/capacity/size-for-target.ts';
import type { CalibratedRun } from './calibrated-run.ts';

/** The columns of the original that a prediction has, then more. */
const csvHeader =
  'test,sharders,shards,users,requests_per_second,median_ms,mean_ms,p90_ms,p95_ms,p99_ms,p99_9_ms,profile';

export function predictionsToCsv(cells: readonly PlannedCell[], predicted: readonly PredictedTest[]): string {
  const rows = predicted.map(({ requestsPerSecond, latency, profile }, index) => {
    const { test, sharders, shards, workload } = cells[index]!;
    const { medianMs, meanMs, p90Ms, p95Ms, p99Ms, p999Ms } = latency;
    const figures = [requestsPerSecond, medianMs, meanMs, p90Ms, p95Ms, p99Ms, p999Ms];
    return [
      test,
      sharders,
      shards,
      workload.users,
      ...figures.map((value) => value.toFixed(2)),
      profile,
    ].join(',');
  });
  return `${[csvHeader, ...rows].join('\n')}\n`;
}

export function describePredictions(
  cells: readonly PlannedCell[],
  predicted: readonly PredictedTest[],
): string {
  return tableOf(
    ['test', 'sharders', 'shards', 'users', 'requests/s', 'median ms', 'mean ms', 'p95 ms', 'p99 ms'],
    predicted.map(({ requestsPerSecond, latency }, index) => {
      const { test, sharders, shards, workload } = cells[index]!;
      return [
        test,
        sharders,
        shards,
        workload.users,
        whole(requestsPerSecond),
        ...[latency.medianMs, latency.meanMs, latency.p95Ms, latency.p99Ms].map(tenths),
      ];
    }),
  );
}

export function describeCurve({ axis, others, points, knee }: Curve, fit: ScalingFit): string {
  const other = axis === 'sharders' ? 'shards' : 'sharders';
  const rows = points.map(({ count, users, prediction: { requestsPerSecond, latency, batch } }) => [
    count,
    users,
    whole(requestsPerSecond),
    tenths(latency.medianMs),
    tenths(latency.p95Ms),
    batch.reads === null ? '-' : tenths(batch.reads),
    batch.writes === null ? '-' : tenths(batch.writes),
  ]);
  const table = tableOf(
    [axis, 'users', 'requests/s', 'median ms', 'p95 ms', 'reads a batch', 'writes a batch'],
    rows,
  );
  const kneeText =
    knee === null
      ? `Knee: none; already the second of the ${axis} brings less than 1.5 times.`
      : `Knee: ${knee} ${axis}; doubling from there brings less than 1.5 times${knee === points.at(-1)!.count ? ', if at all: the curve ends there' : ''}.`;
  return `With ${others} ${other}:\n${table}\n${kneeText}\n${describeFit(fit)}`;
}

function describeFit(fit: ScalingFit): string {
  if (fit.kind === 'none') return `Scalability law: no fit: ${fit.why}.`;
  const { lambda, sigma, kappa, peakAt } = fit;
  const of = (
    name: string,
    { value, low, high }: { value: number; low: number; high: number },
    digits: number,
  ) => `${name} ${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
  const peak = peakAt === null ? 'no peak' : `peak at ${whole(peakAt)}`;
  return `Scalability law: ${of('λ', lambda, 0)}, ${of('σ', sigma, 4)}, ${of('κ', kappa, 6)}, ${peak}; 95 % confidence.`;
}

export function describeSize(target: Target, size: Size | null, members: number): string {
  const wanted = `${whole(target.requestsPerSecond)} requests/s with a p95 of ${target.p95Ms} ms`;
  if (size === null) return `For ${wanted}: no cluster of up to 1024 shards does it on this platform.`;
  const { sharders, shards, prediction } = size;
  return (
    `For ${wanted}: ${counted(sharders, 'sharder')} and ${counted(shards, 'shard')} of ${counted(members, 'member')} ` +
    `(p95 ${tenths(prediction.latency.p95Ms)} ms, ${tenths(prediction.cores.sharders)} cores of sharders, ` +
    `${tenths(prediction.cores.members)} of etcd in use).`
  );
}

export function describeCalibration({ profile, cells }: CalibratedRun): string {
  const percent = (share: number) => `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
  const table = tableOf(
    ['test', 'fitted', 'measured/s', 'predicted/s', 'error', 'measured ms', 'predicted ms', 'error', 'limit'],
    cells.map(({ test, isFitted, measured, predicted, error, limit }) => [
      test,
      isFitted ? 'yes' : '',
      whole(measured.requestsPerSecond),
      whole(predicted.requestsPerSecond),
      percent(error.requestsPerSecond),
      tenths(measured.meanMs),
      tenths(predicted.latency.meanMs),
      percent(error.meanMs),
      limit,
    ]),
  );
  const { sharder, member, wal } = profile;
  return [
    table,
    `A request costs a sharder ${tenths(sharder.requestUs)} us and ${tenths(sharder.transactionUs)} us a transaction; ` +
      `a shard's leader ${tenths(member.readUs)} us a read, ${tenths(member.writeUs)} us a write, ` +
      `${tenths(member.readTransactionUs)} and ${tenths(member.writeTransactionUs)} us their transactions; ` +
      `a sync takes ${tenths((wal.minUs + wal.meanExtraUs) / 1000)} ms.`,
  ].join('\n');
}

function tableOf(head: string[], rows: (string | number)[][]): string {
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
  });
  table.push(...rows);
  return table.toString();
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function whole(value: number): string {
  return value.toFixed(0);
}

function tenths(value: number): string {
  return value.toFixed(1);
}
