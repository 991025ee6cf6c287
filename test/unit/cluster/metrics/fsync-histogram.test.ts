import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import {
  durationsOf,
  fsyncsBetween,
  mergedDurations,
  parseFsyncHistogram,
  readFsyncHistogram,
  type FsyncHistogram,
} from '../../../../cluster/metrics/fsync-histogram.ts';

/** As etcd prints it, with fewer buckets; `counts` of 1, 2, 4 ms and all. */
function metrics(counts: readonly [number, number, number, number], sum = 1): string {
  const name = 'etcd_disk_wal_fsync_duration_seconds';
  return [
    '# HELP etcd_disk_wal_fsync_duration_seconds The latency distributions of fsync called by WAL.',
    '# TYPE etcd_disk_wal_fsync_duration_seconds histogram',
    ...['0.001', '0.002', '0.004', '+Inf'].map(
      (le, index) => `${name}_bucket{le="${le}"} ${counts[index as 0]}`,
    ),
    `${name}_sum ${sum}`,
    `${name}_count ${counts[3]}`,
    'etcd_server_has_leader 1',
  ].join('\n');
}

function histogram(counts: readonly [number, number, number, number], takenAtMs = 0): FsyncHistogram {
  return parseFsyncHistogram(metrics(counts), takenAtMs)!;
}

test('quantiles are interpolated within their bucket', () => {
  // 50 up to 1 ms, 40 from 1 to 2 ms, 10 from 2 to 4 ms: the 99th of 100 lies nine tenths into the last.
  const durations = durationsOf(histogram([50, 90, 100, 100]))!;
  expect(durations.p50Ms).toBeCloseTo(1);
  expect(durations.p99Ms).toBeCloseTo(3.8);
  expect(durations.meanMs).toBeCloseTo(10);
  expect(durations.fsyncs).toBe(100);
});

test('past the last bucket the answer is its end', () => {
  expect(durationsOf(histogram([0, 0, 0, 10]))).toMatchObject({ p50Ms: 4, p99Ms: 4 });
});

test('a member that has not synced has no durations', () => {
  expect(durationsOf(histogram([0, 0, 0, 0]))).toBe(null);
});

test('the difference of two snapshots is what happened between them', () => {
  const before = histogram([100, 100, 100, 100], 1000);
  const after = histogram([100, 100, 150, 150], 3000);
  const between = fsyncsBetween(before, after)!;
  expect(between).toMatchObject({ fsyncs: 50, fsyncsPerSecond: 25 });
  expect(between.p50Ms).toBeCloseTo(3);
});

test('a member that has started anew between two snapshots gives no difference', () => {
  expect(fsyncsBetween(histogram([5, 5, 5, 5], 0), histogram([2, 2, 2, 2], 1000))).toBe(null);
});

test('several members make one distribution, and those without a figure do not count', () => {
  const merged = mergedDurations([histogram([10, 10, 10, 10]), null, histogram([0, 0, 10, 10])])!;
  expect(merged.fsyncs).toBe(20);
  expect(merged.p50Ms).toBeCloseTo(1);
  expect(merged.p99Ms).toBeGreaterThan(3);
  expect(mergedDurations([null])).toBe(null);
});

test.each([
  ['nothing of it', 'etcd_server_has_leader 1\n'],
  ['a histogram without its end', metrics([1, 1, 1, 1]).replace(/^.*Inf.*$/m, '')],
])('%s is no histogram', (_, text) => {
  expect(parseFsyncHistogram(text, 0)).toBe(null);
});

test('a quantile lies in the bucket in which a count of the single durations finds it', () => {
  const durationMs = fc.double({ min: 0.001, max: 6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(durationMs, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.99),
      (all, quantile) => {
        const upTo = (ms: number) => all.filter((duration) => duration <= ms).length;
        const durations = durationsOf(histogram([upTo(1), upTo(2), upTo(4), all.length]))!;
        const estimate = quantile === 0.5 ? durations.p50Ms : durations.p99Ms;
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(quantile * all.length) - 1]!;
        const ends = [0, 1, 2, 4, Infinity];
        const bucket = ends.findIndex((end) => exact <= end);
        expect(estimate).toBeGreaterThanOrEqual(ends[bucket - 1]!);
        expect(estimate).toBeLessThanOrEqual(Math.min(4, ends[bucket]!));
      },
    ),
  );
});

async function memberThatAnswers(status: number, body: string): Promise<string> {
  const server: Server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a member is asked at /metrics; one that does not answer well has no figure', async () => {
  expect(await readFsyncHistogram(await memberThatAnswers(200, metrics([1, 2, 3, 3])))).toMatchObject({
    count: 3,
  });
  expect(await readFsyncHistogram(await memberThatAnswers(503, metrics([1, 2, 3, 3])))).toBe(null);
  expect(await readFsyncHistogram('http://127.0.0.1:1')).toBe(null);
});
