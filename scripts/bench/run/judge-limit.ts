/** Finds what limited a cell, from the share of its allowance that each part used. */
import { milliCores } from '../../../cluster/topology/quantity.ts';
import type { CellResult, Limits, LoadResult, ProcessUse } from '../records/run-data.ts';

/** Above it a part counts as full: the kernel's accounting and the throttling are coarser than a few per cent. */
const fullShare = 0.92;
/** Above this share of time in waiting for its log a member's disk counts as full: its database commits use the same disk in turn. */
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

/** The first full part, in this order: the generator, the sharders, the shards, the machine. */
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

/** Whether the load generator was the limit, not the store. */
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
