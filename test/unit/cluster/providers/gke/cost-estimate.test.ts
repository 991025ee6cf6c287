import { expect, test } from 'vitest';
import { estimateCost } from '../../../../../cluster/providers/gke/cost-estimate.ts';
import { planBasis } from '../../../../../cluster/providers/gke/plan.ts';
import { parseTarget } from '../../../../../cluster/providers/gke/resources/target.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';
import { otherTarget } from '../../../../support/gke/every-command.ts';

const iowa = parseTarget({ project: 'my-project', region: 'us-central1', name: 'vase' });
const belgium = { ...iowa, region: 'europe-west1' };
const estimate = (target = iowa, input = {}) => {
  const topology = parseTopology({ name: target.name, ...input });
  return estimateCost(target, planBasis(target, topology).sizing);
};
const monthly = (target: typeof iowa, what: RegExp) =>
  estimate(target).lines.find((line) => what.test(line.what))!.monthlyUsd;

test('the size is added up from the objects', () => {
  const topology = parseTopology({ shards: 2, members: 5, viewServers: 0, etcd: { volume: '20Gi' } });
  const { sizing } = planBasis(iowa, topology);
  // 10 members of 1 core and 2 GiB, 2 to 30 sharders of half a core and 256 MiB.
  expect(sizing.pods).toEqual({ cores: 11, memoryGiB: 20.5 });
  expect(sizing.podsMax).toEqual({ cores: 25, memoryGiB: 27.5 });
  expect(sizing.volumes).toEqual({ count: 10, gib: 200 });
  expect(sizing.limits.cores).toBe(56);
});

test("an estimate is the sum of its lines, at the calculator's prices", () => {
  const { lines, monthlyUsd } = estimate();
  expect(monthlyUsd).toBeCloseTo(lines.reduce((sum, line) => sum + line.monthlyUsd, 0));
  // 90 GiB at $0.17, three e2-standard-2 at $48.92, a cluster at $73.
  expect(monthly(iowa, /pd-ssd/)).toBeCloseTo(15.3);
  expect(monthly(iowa, /e2-standard-2 for GKE/)).toBeCloseTo(146.97, 0);
  expect(monthly(iowa, /management/)).toBeCloseTo(73);
});

test('machines and disks are dearer in Belgium, the fee is not', () => {
  expect(monthly(belgium, /pd-ssd/)).toBeCloseTo(15.3 * 1.1);
  expect(monthly(belgium, /management/)).toBeCloseTo(73);
});

test('a region that the table does not have is said to be estimated with another', () => {
  expect(estimate(otherTarget).notes.join()).toMatch(/northamerica-northeast1 is not in the price table/);
  expect(estimate(iowa).notes.join()).not.toMatch(/not in the price table/);
});
