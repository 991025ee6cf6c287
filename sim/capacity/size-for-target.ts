/**
 * The smallest cluster that serves a rate within a latency: first as few shards as possible, because each costs three members,
 * then as few sharders as still suffice. Requests arrive at random at the target rate; none may be turned away.
 */
import type { CapacityCell, Prediction } from './cell.ts';
import { predictCell } from './predict-cell.ts';
import type { Profile } from './profile.ts';

export interface Target {
  requestsPerSecond: number;
  p95Ms: number;
}

export interface Size {
  sharders: number;
  shards: number;
  prediction: Prediction;
}

const shardsMax = 1024;
/**
 * Numbers of sharders, as multiples of the least number for the processor time of requests. When limits bind now and then, they
 * leave gaps of up to a period of 100 ms, so a short p95 can take many times the least.
 */
const sharderSlack = [1.2, 2, 3.5, 6, 10, 20] as const;
/** Sharders that are so idle are not the bottleneck: more of them do not help. */
const idleShare = 0.2;
/** Requests so rare that hardly two meet. */
const idlePerSecond = 20;
/** The share of the rate that must be reached; the rest is the noise of a short window. */
const reachedShare = 0.97;

/** Null when 1024 shards and 20 times the least sharders do not suffice. */
export async function sizeForTarget(
  profile: Profile,
  cell: Pick<CapacityCell, 'members' | 'load'>,
  target: Target,
): Promise<Size | null> {
  if (!(await answersInTime(profile, cell, target))) return null;
  const least = leastSharders(profile, target);
  let failed = 0;
  let found: Size | null = null;
  for (let shards = 1; shards <= shardsMax && found === null; shards *= 2) {
    found = await withShards(profile, cell, target, { shards, least });
    if (found === null) failed = shards;
  }
  if (found === null) return null;
  while (found.shards - failed > Math.max(1, Math.floor(found.shards / 16))) {
    const shards = Math.floor((found.shards + failed) / 2);
    const smaller = await withShards(profile, cell, target, { shards, least });
    if (smaller === null) failed = shards;
    else found = smaller;
  }
  return found;
}

async function withShards(
  profile: Profile,
  cell: Pick<CapacityCell, 'members' | 'load'>,
  target: Target,
  { shards, least }: { shards: number; least: number },
): Promise<Size | null> {
  let tried = 0;
  for (const slack of sharderSlack) {
    const sharders = Math.max(1, Math.ceil(least * slack));
    if (sharders === tried) continue;
    tried = sharders;
    const load = {
      ...cell.load,
      arrivals: { kind: 'open', perSecond: target.requestsPerSecond } as const,
    };
    const prediction = await predictCell(
      profile,
      { ...cell, sharders, shards, load },
      { warmupMs: 200, durationMs: 600, requestsMax: 12_000 },
    );
    if (meets(prediction, target)) return { sharders, shards, prediction };
    const used = prediction.cores.sharders / sharders / (profile.sharder.limitCores ?? 1);
    if (used < idleShare) break;
  }
  return null;
}

function meets({ refused, requestsPerSecond, latency }: Prediction, target: Target): boolean {
  return (
    refused === 0 &&
    requestsPerSecond >= reachedShare * target.requestsPerSecond &&
    latency.p95Ms <= target.p95Ms
  );
}

/** Whether an idle cluster is quick enough: a bigger one is not quicker. */
async function answersInTime(
  profile: Profile,
  cell: Pick<CapacityCell, 'members' | 'load'>,
  target: Target,
): Promise<boolean> {
  const load = { ...cell.load, arrivals: { kind: 'open', perSecond: idlePerSecond } as const };
  const { latency } = await predictCell(profile, { ...cell, sharders: 1, shards: 1, load });
  return latency.p95Ms <= target.p95Ms;
}

/** The least number for the processor time of requests alone, without their transactions. */
function leastSharders({ sharder }: Profile, { requestsPerSecond }: Target): number {
  return (requestsPerSecond * sharder.requestUs) / 1_000_000 / (sharder.limitCores ?? 1);
}
