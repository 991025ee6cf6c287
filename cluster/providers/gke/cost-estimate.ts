/** What a cluster costs a month, estimated from its sizing and the dated price table. */
import { hoursPerMonth, prices, pricesAsOf, priceSources, regionFactor } from './resources/prices.ts';
import { machineType, systemDiskGiB, type Sizing } from './resources/sizing.ts';
import type { GkeTarget } from './resources/target.ts';

export interface CostLine {
  what: string;
  monthlyUsd: number;
}

export interface CostEstimate {
  lines: CostLine[];
  monthlyUsd: number;
  /** Year and month of the prices. */
  pricesAsOf: string;
  sources: readonly string[];
  /** What the figures leave out or assume, one sentence each. */
  notes: string[];
}

/** Vase's image and etcd's, a few versions of each. */
const registryGiB = 2;

export function estimateCost(target: GkeTarget, sizing: Sizing): CostEstimate {
  const factor = regionFactor(target.region);
  const local = (usd: number) => usd * (factor ?? 1);
  const hourly = (usd: number) => usd * hoursPerMonth;
  const { systemNodes, podNodes, volumes } = sizing;
  const isPublic = target.exposure.kind === 'public';
  const lines = [
    { what: 'GKE management fee', monthlyUsd: hourly(prices.clusterHour) },
    {
      what: `${systemNodes.count} × ${machineType} for GKE's own pods`,
      monthlyUsd: local(hourly(prices.e2CoreHour) * systemNodes.cores),
    },
    {
      what: `${podNodes.cores} cores of E2 machines for ${sizing.pods.cores} cores of pods`,
      monthlyUsd: local(hourly(prices.e2CoreHour) * podNodes.cores),
    },
    {
      what: `${systemNodes.count} × ${systemDiskGiB} GiB pd-balanced for their systems`,
      monthlyUsd: local(prices.balancedGiBMonth * systemDiskGiB * systemNodes.count),
    },
    {
      what: `${volumes.count} disks, ${volumes.gib} GiB pd-ssd`,
      monthlyUsd: local(prices.ssdGiBMonth * volumes.gib),
    },
    {
      what: `${isPublic ? 'external' : 'internal'} load balancer`,
      monthlyUsd: hourly(prices.forwardingRuleHour + (isPublic ? prices.addressHour : 0)),
    },
    { what: `images, ${registryGiB} GiB`, monthlyUsd: prices.registryGiBMonth * registryGiB },
  ];
  return {
    lines,
    monthlyUsd: lines.reduce((sum, line) => sum + line.monthlyUsd, 0),
    pricesAsOf,
    sources: priceSources,
    notes: notes(target, { sizing, factor }),
  };
}

function notes({ region }: GkeTarget, known: { sizing: Sizing; factor: number | null }): string[] {
  const { podNodes } = known.sizing;
  return [
    'without traffic, discounts, credits and taxes, and without the disks of machines that GKE adds for pods',
    ...(podNodes.coresMax > podNodes.cores
      ? [`when the autoscaler has all its sharders: up to ${podNodes.coresMax} cores for pods`]
      : []),
    ...(known.factor === null
      ? [`${region} is not in the price table: these are the prices of us-central1, and others are higher`]
      : []),
  ];
}
