/**
 * How throughput and latency change when sharders, or shards, are added: the peak of closed loops whose users grow with the
 * sharders, and the knee, past which another doubling is no longer worth it.
 */
import type { CapacityCell, Prediction } from './cell.ts';
import { predictCell } from './predict-cell.ts';
import type { Profile } from './profile.ts';

export type Axis = 'sharders' | 'shards';

export interface CurvePoint {
  count: number;
  users: number;
  prediction: Prediction;
}

export interface Curve {
  axis: Axis;
  /** The fixed number of the other kind. */
  others: number;
  points: CurvePoint[];
  /** The last count from which doubling still gives at least 1.5 times the throughput. Null: even the first does not. */
  knee: number | null;
}

/** Fewer would leave sharders idle while their users wait. */
const usersPerSharder = 100;
const usersMax = 60_000;
const worthwhile = 1.5;

/** Points at 1, 2, 4 … up to `max`. About a second of real time a point at most. */
export async function scalingCurve(
  profile: Profile,
  cell: CapacityCell,
  options: { axis: Axis; max: number },
): Promise<Curve> {
  const points: CurvePoint[] = [];
  for (let count = 1; count <= options.max; count *= 2) {
    const sized = { ...cell, [options.axis]: count };
    const users = Math.min(usersMax, Math.max(closedUsers(cell), usersPerSharder * sized.sharders));
    const load = { ...cell.load, arrivals: { kind: 'closed', users } as const };
    const prediction = await predictCell(profile, { ...sized, load }, { requestsMax: 40_000 });
    points.push({ count, users, prediction });
  }
  const others = options.axis === 'sharders' ? cell.shards : cell.sharders;
  return { axis: options.axis, others, points, knee: kneeOf(points) };
}

/** @see Curve.knee */
export function kneeOf(
  points: readonly { count: number; prediction: { requestsPerSecond: number } }[],
): number | null {
  let knee: number | null = null;
  for (let index = 1; index < points.length; index++) {
    const before = points[index - 1]!;
    const after = points[index]!;
    if (after.prediction.requestsPerSecond < worthwhile * before.prediction.requestsPerSecond) return knee;
    knee = after.count;
  }
  return knee;
}

function closedUsers({ load }: CapacityCell): number {
  return load.arrivals.kind === 'closed' ? load.arrivals.users : 0;
}
