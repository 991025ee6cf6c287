/** A benchmark's plan in the words of the capacity model: limits in cores, disks in operations and bytes a second. */
import { emulatedDisk } from '../../../cluster/disk/disk-profile.ts';
import { UsageError } from '../../../cluster/errors.ts';
import { milliCores } from '../../../cluster/topology/quantity.ts';
import { type PlannedCell, type PredictedTest, predictCells } from '../../../sim/capacity/predict-plan.ts';
import { type Profile, type ProfileName, profiles } from '../../../sim/capacity/profile.ts';
import { limitsOf } from '../records/cell-topology.ts';
import type { BenchPlan } from '../records/run-data.ts';

/** A cloud's profile has its own disks, so it ignores the disk that the plan emulates on one machine. */
const emulatingProfiles: readonly string[] = ['laptop', 'calibrated'];

/** Every cell of the plan, with the limits that hold for it. */
export function plannedCells(plan: BenchPlan, profile: Pick<Profile, 'name'>): PlannedCell[] {
  return plan.cells.map((cell) => {
    const { sharderCpu, etcdCpu, ssd } = limitsOf(plan, cell);
    const disk = emulatingProfiles.includes(profile.name) ? emulatedDisk(ssd, null) : null;
    return {
      ...cell,
      limits: { sharderCores: coresOf(sharderCpu), etcdCores: coresOf(etcdCpu) },
      disk: disk === null ? null : { iops: disk.iops, bytesPerSecond: disk.bytesPerSecond },
    };
  });
}

/** The prediction for the plan's cells on this platform, in the plan's order. */
export function predictPlan(plan: BenchPlan, profile: Profile): Promise<PredictedTest[]> {
  return predictCells(plannedCells(plan, profile), profile);
}

/** @throws UsageError that lists the profiles. */
export function profileNamed(name: string): Profile {
  if (Object.hasOwn(profiles, name)) return profiles[name as ProfileName];
  throw new UsageError(`no profile ${name}; there are ${Object.keys(profiles).join(', ')}`);
}

function coresOf(limit: string | null): number | null {
  return limit === null ? null : milliCores(limit) / 1000;
}
