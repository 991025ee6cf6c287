/** The speed of the checker, against the three figures that it has to keep. Run: `node test/bench/bench-checker.ts`. */
import { checkHistory } from '../../sim/checker/check-history.ts';
import type { Operation } from '../../sim/checker/history/operation.ts';
import { makeHistory, makeStale, type HistoryShape } from './checker-histories.ts';

const base: HistoryShape = {
  operations: 2000,
  keys: 1,
  concurrency: 10,
  versions: false,
  open: 20,
  values: 5,
  reads: 0.5,
  writes: ['put', 'cas'],
  seed: 1,
};

const cases: { title: string; limitSeconds: number; shape: HistoryShape }[] = [
  {
    title: '1,000,000 operations on one key, with versions',
    limitSeconds: 10,
    shape: {
      ...base,
      operations: 1_000_000,
      versions: true,
      values: 'unique',
      open: 1000,
      writes: ['put', 'cas', 'delete'],
    },
  },
  {
    title: '100,000 operations over 1,000 keys, concurrency 10',
    limitSeconds: 20,
    shape: { ...base, operations: 100_000, keys: 1000, open: 500 },
  },
  { title: '2,000 operations on one key, 20 open, 5 values', limitSeconds: 5, shape: base },
  {
    title: '2,000 operations on one key, 20 open, unique values',
    limitSeconds: 5,
    shape: { ...base, values: 'unique' },
  },
];

let missed = 0;
for (const { title, limitSeconds, shape } of cases) {
  const history = makeHistory(shape);
  measure(title, history, 'ok', limitSeconds);
  measure(`${title}, one stale read`, makeStale(history, shape.operations / 2), 'illegal', limitSeconds);
}
process.exitCode = missed === 0 ? 0 : 1;

function measure(title: string, history: readonly Operation[], expected: string, limitSeconds: number): void {
  const start = performance.now();
  const verdict = checkHistory(history);
  const seconds = (performance.now() - start) / 1000;
  const kept = verdict.kind === expected && seconds < limitSeconds;
  if (!kept) missed++;
  console.log(
    `${kept ? 'ok  ' : 'MISS'} ${seconds.toFixed(2).padStart(7)} s of ${limitSeconds} s  ${verdict.kind.padEnd(8)} ${title}`,
  );
}
