/** What held a cell back, from what each part used of what it may use. */
import { milliCores } from '../../../cluster/topology/quantity.ts';
import type { CellResult, Limits, LoadResult, ProcessUse } from '../records/run-data.ts';

/** Above it a part is taken for full: the kernel's accounts and the throttling are coarser than a few per cent. */
const fullShare = 0.92;
/** The share of time that a member waits for its log: commits of its database take turns with it on the same disk. */
const diskBusyShare = 0.45;

export interface LimitEvidence {
  peak: Pick<LoadResult, 'generatorCores' | 'generatorWorkers'>;
  limits: Limits;
  sharders: readonly Pick<ProcessUse, 'cores'>[];
  members: readonly Pick<ProcessUse, 'cores'>[];
  /** Share of the time that each member spent in fsync; empty where it is not known. */
  fsyncBusy: readonly number[];
  machineCores: number | null;
  cores: number;
}

/** The first that is full, in this order: the generator, the sharders, the shards, the machine. */
export function judgeLimit(evidence: LimitEvidence): CellResult['limit'] {
  const { peak, limits, sharders, members, fsyncBusy, machineCores, cores } = evidence;
  if (isGeneratorFull(peak)) return 'generator';
  // A sharder has one thread that does its work: without a limit it is full at one core.
  if (meanOf(sharders) >= fullShare * coresOf(limits.sharderCpu, 1)) return 'sharders';
  if (limits.etcdCpu !== null && meanOf(members) >= fullShare * coresOf(limits.etcdCpu, cores))
    return 'shards';
  if (fsyncBusy.length > 0 && meanOf(fsyncBusy.map((share) => ({ cores: share }))) >= diskBusyShare)
    return 'shards';
  if (machineCores !== null && machineCores >= fullShare * cores) return 'machine';
  return 'unknown';
}

/** Whether what was measured is the load generator rather than the store. */
export function isGeneratorFull({
  generatorCores,
  generatorWorkers,
}: Pick<LoadResult, 'generatorCores' | 'generatorWorkers'>): boolean {
  return generatorCores >= fullShare * generatorWorkers;
}

function meanOf(uses: readonly { cores: number }[]): number {
  return uses.length === 0 ? 0 : uses.reduce((sum, { cores }) => sum + cores, 0) / uses.length;
}

function coresOf(limit: string | null, otherwise: number): number {
  return limit === null ? otherwise : milliCores(limit) / 1000;
}
