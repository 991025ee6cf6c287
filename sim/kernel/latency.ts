/**
 * Distributions of delays, and the named ones of networks and disks. A delay is a floor, plus an exponential part, plus
 * now and then a long exponential tail. The figures have the shape of what is commonly reported for such hardware; they are
 * not measurements.
 */
import type { RandomStream } from './random-stream.ts';

/** All in microseconds, but for the chance of a tail. */
export interface LatencyProfile {
  minUs: number;
  meanExtraUs: number;
  tailChance: number;
  tailMeanUs: number;
}

export const networkProfiles = {
  same_host: { minUs: 20, meanExtraUs: 15, tailChance: 0.001, tailMeanUs: 1_000 },
  same_zone: { minUs: 120, meanExtraUs: 80, tailChance: 0.002, tailMeanUs: 3_000 },
  cross_zone: { minUs: 400, meanExtraUs: 200, tailChance: 0.002, tailMeanUs: 5_000 },
  cross_region: { minUs: 30_000, meanExtraUs: 2_000, tailChance: 0.005, tailMeanUs: 20_000 },
} as const satisfies Record<string, LatencyProfile>;

/** One fsync of a small write-ahead-log record. */
export const diskProfiles = {
  nvme: { minUs: 60, meanExtraUs: 60, tailChance: 0.002, tailMeanUs: 1_000 },
  'pd-ssd': { minUs: 700, meanExtraUs: 500, tailChance: 0.01, tailMeanUs: 5_000 },
  slow: { minUs: 4_000, meanExtraUs: 6_000, tailChance: 0.05, tailMeanUs: 60_000 },
} as const satisfies Record<string, LatencyProfile>;

export type NetworkProfileName = keyof typeof networkProfiles;
export type DiskProfileName = keyof typeof diskProfiles;

/** Draws one delay, in whole microseconds. */
export function drawLatencyUs(profile: LatencyProfile, random: RandomStream): number {
  const draw = random.nextUint32();
  // The low bits decide on the tail, the whole word on the exponential part: one draw for the common case.
  let latencyUs = profile.minUs - Math.log((draw + 1) / 0x1_0000_0000) * profile.meanExtraUs;
  if ((draw & 0xffff) < profile.tailChance * 0x1_0000)
    latencyUs += random.nextExponential(profile.tailMeanUs);
  return Math.round(latencyUs);
}
