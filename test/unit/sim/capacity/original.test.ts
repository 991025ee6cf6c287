import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  fitOriginalCosts,
  type OriginalCell,
  predictOriginal,
} from '../../../../sim/capacity/predict-original.ts';

const file = new URL('../../../../scripts/bench/data/original-results.csv', import.meta.url);
const [header, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
const cells = lines.map((line): OriginalCell => {
  const fields = line.split(',');
  const field = (name: string) => fields[header!.split(',').indexOf(name)]!;
  return {
    test: field('test'),
    sharders: Number(field('sharders')),
    shards: Number(field('shards')),
    users: Number(field('users')),
    requestsPerSecond: Number(field('requests_per_second')),
    meanMs: Number(field('mean_ms')),
  };
});
const cell = (test: string) => cells.find((one) => one.test === test)!;

describe('the original, of which the model knows two costs per request, fitted on two cells', () => {
  it('is predicted in the other six: requests/s within 20 %, mean latency within 30 %', async () => {
    const fittedOn = ['1a', '2a'];
    const costs = await fitOriginalCosts(cell('1a'), cell('2a'));
    const others = cells.filter(({ test }) => !fittedOn.includes(test));
    expect(others).toHaveLength(6);
    for (const { test, requestsPerSecond, meanMs, ...size } of others) {
      const predicted = await predictOriginal(costs, size);
      const rateError = predicted.requestsPerSecond / requestsPerSecond - 1;
      const meanError = predicted.latency.meanMs / meanMs - 1;
      expect(Math.abs(rateError), `${test}: requests/s`).toBeLessThan(0.2);
      expect(Math.abs(meanError), `${test}: mean latency`).toBeLessThan(0.3);
    }
    // The sharder's share is the one that the original's own description names.
    expect(costs.sharderUs / 1000).toBeCloseTo(5.6, 1);
  }, 60_000);

  it('is not predicted by a sharder’s cost that is half as high', async () => {
    const { requestsPerSecond, ...size } = cell('1b');
    const predicted = await predictOriginal({ sharderUs: 2800, shardUs: 1850 }, size);
    expect(predicted.requestsPerSecond / requestsPerSecond).toBeGreaterThan(1.5);
  });
});
