/** Predicts the cells of a benchmark's plan; the shapes are the parts of BenchPlan that matter here. */
import type { CapacityCell, CellLoad, Horizon, Prediction } from './cell.ts';
import { predictCell } from './predict-cell.ts';
import type { Profile } from './profile.ts';

export interface CellShape {
  test: string;
  sharders: number;
  shards: number;
  members: number;
  workload: {
    name: 'original' | 'ycsb-a' | 'ycsb-b' | 'ycsb-c' | 'write-only';
    users: number;
    keys: number;
    valueBytes: number;
    distribution: 'uniform' | 'zipfian';
  };
}

/** A cell with the limits that hold for it. */
export interface PlannedCell extends CellShape {
  /** Cores; null: no limit. */
  limits: { sharderCores: number | null; etcdCores: number | null };
  /** What each member's disk can do; null: as in the profile. */
  disk: { iops: number; bytesPerSecond: number } | null;
}

export type PredictedTest = Prediction & { test: string; profile: string };

const writeShares = { original: 0.5, 'ycsb-a': 0.5, 'ycsb-b': 0.05, 'ycsb-c': 0, 'write-only': 1 } as const;

/** The plan's closed loop, which shows the peak. */
export function cellOf({ sharders, shards, members, workload }: CellShape): CapacityCell {
  return { sharders, shards, members, load: loadOf(workload) };
}

function loadOf({ name, users, keys, valueBytes, distribution }: CellShape['workload']): CellLoad {
  return {
    pattern: name === 'original' ? 'put-then-get' : 'mixed',
    writeShare: writeShares[name],
    keys,
    valueBytes,
    distribution,
    arrivals: { kind: 'closed', users },
  };
}

/** Without a calibration: a sync is one operation, and a byte is written to the log and to the backend. */
const uncalibratedDisk = { operationsPerSync: 1, bytesPerByte: 2 };

/** The platform with the limits and the disk of this cell. */
export function profileFor(profile: Profile, { limits, disk }: PlannedCell): Profile {
  return {
    ...profile,
    sharder: { ...profile.sharder, limitCores: limits.sharderCores },
    member: { ...profile.member, limitCores: limits.etcdCores },
    disk: disk === null ? profile.disk : { ...uncalibratedDisk, ...profile.disk, ...disk },
  };
}

/** Every cell on this platform, in the order given. */
export async function predictCells(
  cells: readonly PlannedCell[],
  profile: Profile,
  horizon: Partial<Horizon> = {},
): Promise<PredictedTest[]> {
  const predicted: PredictedTest[] = [];
  for (const cell of cells) {
    const prediction = await predictCell(profileFor(profile, cell), cellOf(cell), horizon);
    predicted.push({ test: cell.test, profile: profile.name, ...prediction });
  }
  return predicted;
}
