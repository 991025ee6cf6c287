/**
 * List prices for estimates, on demand, without discounts, credits or taxes. They are those of the public price pages at
 * the date below, and are not updated automatically: an estimate says so, and names the pages with the current prices.
 */
export const pricesAsOf = '2025-06';
export const priceSources = [
  'https://cloud.google.com/compute/all-pricing',
  'https://cloud.google.com/kubernetes-engine/pricing',
  'https://cloud.google.com/vpc/network-pricing',
  'https://cloud.google.com/artifact-registry/pricing',
] as const;

/** The length of a month in Google's price pages and calculator. */
export const hoursPerMonth = 730;

/** US dollars in us-central1 (Iowa). */
export const prices = {
  /** One core of an E2 machine with its 4 GiB, an hour: half of e2-standard-2, 0.067 11. */
  e2CoreHour: 0.033_556,
  ssdGiBMonth: 0.17,
  balancedGiBMonth: 0.1,
  /** The management fee of a cluster. */
  clusterHour: 0.1,
  /** A balancer's forwarding rules, up to five together. */
  forwardingRuleHour: 0.025,
  /** An external address in use by a balancer. */
  addressHour: 0.005,
  registryGiBMonth: 0.1,
} as const;

/** How much dearer machines and disks are in other regions: their e2-standard-2 divided by that of us-central1. */
const regionFactors: Readonly<Record<string, number>> = {
  'us-central1': 1,
  'us-east1': 1,
  'us-west1': 1,
  'europe-west1': 1.1,
  'europe-west4': 1.1,
  'europe-north1': 1.1,
};

/** Null for a region that the table does not have; most are 10 to 30 percent above us-central1, some 60. */
export function regionFactor(region: string): number | null {
  return regionFactors[region] ?? null;
}
