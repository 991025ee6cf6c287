/**
 * A profile of the machine on which cells were measured. Processor times come from what the processes used per request,
 * the sync from etcd's own figures. No process accounts for the way between sharder and shard: it is the one parameter that is
 * searched, and the value with which the model comes nearest to the measured requests/s is taken.
 */
import type { LatencyProfile } from '../kernel/latency.ts';
import { cellOf, type PlannedCell, profileFor } from './predict-plan.ts';
import { predictCell } from './predict-cell.ts';
import { type Profile, profiles, scaledMember } from './profile.ts';

/** The parts of a benchmark's CellResult that a calibration reads. */
export interface MeasuredCell {
  cell: PlannedCell;
  peak: { requestsPerSecond: number; generatorCores: number; generatorWorkers: number };
  use: readonly { name: string; cores: number }[];
  fsync: readonly { p50Ms: number; p99Ms: number }[];
  batch: { reads: number | null; writes: number | null };
  /** Cores in use on the whole machine. */
  machineCores: number;
}

export interface CalibrationSettings {
  /** Cores of the machine. */
  cores: number;
}

/** Below this spread two cells cannot separate the cost of a transaction from that of its operations. */
const spreadMin = 1.5;
/** The factor of all processor times is found when a round changes it by less than 2 %, or after so many rounds. */
const levelRounds = 6;
const levelTolerance = 0.02;
/** The noise of an error, from short simulations. */
const noise = 0.001;
const wayFactors = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
/** First estimate of operations per sync and bytes per byte: a log and a backend. An extent and its journal come on top. */
const diskFactor = 2;
const diskFactorMax = 32;

/**
 * Fits a profile on cells of one run. One cell is enough; cells whose batches differ in size separate the cost of a
 * transaction from that of its operations.
 * @throws Error when there is no cell, or none in which anything was answered.
 */
export async function calibrate(
  cells: readonly MeasuredCell[],
  settings: CalibrationSettings,
): Promise<Profile> {
  const measured = cells.filter(({ peak }) => peak.requestsPerSecond > 0);
  if (measured.length === 0) throw new Error('calibrate: no cell with an answer');
  const free = measured.filter(({ cell }) => cell.disk === null);
  const throttled = measured.filter(({ cell }) => cell.disk !== null);
  // Where the disk is the limit, processor times say nothing about the throughput, and little about themselves.
  const busy = free.length > 0 ? free : throttled;
  const times = processorTimes(busy, { ...settings, wal: walOf(free) });
  const way = await bestOf(
    wayFactors.map((factor) => withWay(times, factor)),
    busy,
  );
  return levelledDisk(await levelled(way, free), throttled);
}

function processorTimes(
  measured: readonly MeasuredCell[],
  settings: CalibrationSettings & Pick<Profile, 'wal'>,
): Profile {
  const { laptop } = profiles;
  const [requestFactor, transactionFactor] = factors(
    measured.map((cell) => ({
      ...sharderParts(cell, laptop),
      spentUs: spentUs(cell, 'sharder'),
    })),
  );
  const [operationFactor, memberFactor] = factors(
    measured.map((cell) => ({ ...memberParts(cell, laptop), spentUs: spentUs(cell, 'etcd') })),
  );
  const { member } = laptop;
  return {
    name: 'calibrated',
    source: `fitted on ${measured.map(({ cell }) => cell.test).join(', ')} of this run`,
    sharder: {
      requestUs: laptop.sharder.requestUs * requestFactor,
      transactionUs: laptop.sharder.transactionUs * transactionFactor,
      limitCores: null,
    },
    member: {
      readTransactionUs: member.readTransactionUs * memberFactor,
      readUs: member.readUs * operationFactor,
      writeTransactionUs: member.writeTransactionUs * memberFactor,
      writeUs: member.writeUs * operationFactor,
      followerReadTransactionUs: member.followerReadTransactionUs * memberFactor,
      followerWriteTransactionUs: member.followerWriteTransactionUs * memberFactor,
      followerWriteUs: member.followerWriteUs * operationFactor,
      threads: Math.max(1, Math.round(settings.cores)),
      limitCores: null,
    },
    wal: settings.wal,
    disk: null,
    network: laptop.network,
    machineCores: settings.cores - mean(measured.map(unaccountedCores)),
    generator: {
      requestUs: mean(measured.map(({ peak }) => (peak.generatorCores / peak.requestsPerSecond) * 1_000_000)),
      threads: measured[0]!.peak.generatorWorkers,
    },
  };
}

interface Parts {
  /** What the reference profile would spend on operations and on transactions, per request, in us. */
  operationsUs: number;
  transactionsUs: number;
}

function sharderParts(cell: MeasuredCell, { sharder }: Profile): Parts {
  const { readTransactions, writeTransactions } = perRequest(cell);
  return {
    operationsUs: sharder.requestUs,
    transactionsUs: sharder.transactionUs * (readTransactions + writeTransactions),
  };
}

function memberParts(cell: MeasuredCell, { member }: Profile): Parts {
  const { reads, writes, readTransactions, writeTransactions } = perRequest(cell);
  const followers = cell.cell.members - 1;
  return {
    operationsUs: reads * member.readUs + writes * (member.writeUs + followers * member.followerWriteUs),
    transactionsUs:
      readTransactions * (member.readTransactionUs + followers * member.followerReadTransactionUs) +
      writeTransactions * (member.writeTransactionUs + followers * member.followerWriteTransactionUs),
  };
}

/** Operations and transactions behind one request, on average. */
function perRequest({ cell, batch }: MeasuredCell) {
  const writes = cellOf(cell).load.writeShare;
  const reads = 1 - writes;
  return {
    reads,
    writes,
    readTransactions: reads / (batch.reads ?? 1),
    writeTransactions: writes / (batch.writes ?? 1),
  };
}

function spentUs({ use, peak }: MeasuredCell, prefix: string): number {
  const cores = use.filter(({ name }) => name.startsWith(prefix)).reduce((sum, used) => sum + used.cores, 0);
  return (cores / peak.requestsPerSecond) * 1_000_000;
}

/**
 * Factors on the two parts by least squares. One factor for both when the cells are too alike to separate them, or when the fit
 * says that one of the two costs nothing.
 */
function factors(rows: readonly (Parts & { spentUs: number })[]): [number, number] {
  const ratios = rows.map(({ operationsUs, transactionsUs }) => transactionsUs / operationsUs);
  if (Math.max(...ratios) / Math.min(...ratios) >= spreadMin) {
    const sum = (of: (row: Parts & { spentUs: number }) => number) =>
      rows.reduce((total, row) => total + of(row), 0);
    const oo = sum((row) => row.operationsUs ** 2);
    const tt = sum((row) => row.transactionsUs ** 2);
    const ot = sum((row) => row.operationsUs * row.transactionsUs);
    const os = sum((row) => row.operationsUs * row.spentUs);
    const ts = sum((row) => row.transactionsUs * row.spentUs);
    const determinant = oo * tt - ot * ot;
    const operations = (os * tt - ts * ot) / determinant;
    const transactions = (ts * oo - os * ot) / determinant;
    if (operations > 0 && transactions > 0) return [operations, transactions];
  }
  const spent = rows.reduce((total, row) => total + row.spentUs, 0);
  const reference = rows.reduce((total, row) => total + row.operationsUs + row.transactionsUs, 0);
  return [spent / reference, spent / reference];
}

/**
 * A floor and an exponential part with the measured median and 99th percentile, both means over the members. Only of cells
 * whose disk is not throttled: under a throttle a sync waits for its turn, and the model makes it wait by itself.
 */
function walOf(measured: readonly Pick<MeasuredCell, 'fsync'>[]): LatencyProfile {
  const figures = measured.flatMap(({ fsync }) => fsync);
  if (figures.length === 0) return profiles.laptop.wal;
  const p50Us = mean(figures.map(({ p50Ms }) => p50Ms)) * 1000;
  const p99Us = mean(figures.map(({ p99Ms }) => p99Ms)) * 1000;
  // Quantiles of an exponential: ln 2 and ln 100 times its mean. A far tail must not push the floor below zero.
  const meanExtraUs = Math.min((p99Us - p50Us) / Math.log(50), p50Us / Math.LN2);
  return { minUs: p50Us - meanExtraUs * Math.LN2, meanExtraUs, tailChance: 0, tailMeanUs: 0 };
}

/** Cores that the machine used beside the store and its load. */
function unaccountedCores({ use, peak, machineCores }: MeasuredCell): number {
  const accounted = use.reduce((sum, { cores }) => sum + cores, peak.generatorCores);
  return Math.max(0, machineCores - accounted);
}

function withWay(profile: Profile, factor: number): Profile {
  const { store } = profile.network;
  return {
    ...profile,
    network: {
      ...profile.network,
      store: { ...store, minUs: store.minUs * factor, meanExtraUs: store.meanExtraUs * factor },
    },
  };
}

/**
 * All processor times by one factor, so that the predictions of the fitted cells are right on average. Simulated batches never
 * quite have the measured size, and where only means are known, the extra cost of smaller batches does not show.
 */
async function levelled(profile: Profile, measured: readonly MeasuredCell[]): Promise<Profile> {
  if (measured.length === 0) return profile;
  let level = profile;
  for (let round = 0; round < levelRounds; round++) {
    const ratios = await Promise.all(measured.map((cell) => logRatio(level, cell)));
    const factor = Math.exp(mean(ratios));
    if (Math.abs(factor - 1) < levelTolerance) break;
    level = withTimes(level, factor);
  }
  return level;
}

function withTimes(profile: Profile, factor: number): Profile {
  const { sharder, member, generator } = profile;
  return {
    ...profile,
    sharder: {
      ...sharder,
      requestUs: sharder.requestUs * factor,
      transactionUs: sharder.transactionUs * factor,
    },
    member: scaledMember(member, factor),
    generator: generator === null ? null : { ...generator, requestUs: generator.requestUs * factor },
  };
}

/** Scales the disk's cost of each sync and byte, so that the predictions of the throttled cells are right on average. */
async function levelledDisk(profile: Profile, throttled: readonly MeasuredCell[]): Promise<Profile> {
  const [first] = throttled;
  if (first === undefined || first.cell.disk === null) return profile;
  const disk = first.cell.disk;
  const withFactor = (factor: number): Profile => ({
    ...profile,
    disk: { ...disk, operationsPerSync: factor, bytesPerByte: factor },
  });
  let factor = diskFactor;
  for (let round = 0; round < levelRounds; round++) {
    const ratios = await Promise.all(throttled.map((cell) => logRatio(withFactor(factor), cell)));
    const change = Math.exp(mean(ratios));
    if (Math.abs(change - 1) < levelTolerance) break;
    factor = Math.min(Math.max(factor * change, 1), diskFactorMax);
  }
  return withFactor(factor);
}

/** The candidate whose predictions of requests/s are nearest, by the sum of squared logarithms of their ratios. */
async function bestOf(candidates: readonly Profile[], measured: readonly MeasuredCell[]): Promise<Profile> {
  let best = { profile: candidates[0]!, error: Infinity };
  for (const profile of candidates) {
    let error = 0;
    for (const cell of measured) error += (await logRatio(profile, cell)) ** 2;
    if (error < best.error) best = { profile, error };
    // Along one parameter the error falls and then rises: candidates past the valley are not tried.
    else if (error > 2 * best.error + noise) break;
  }
  return best.profile;
}

/** Logarithm of predicted over measured requests/s. */
async function logRatio(profile: Profile, { cell, peak }: MeasuredCell): Promise<number> {
  const predicted = await predictCell(profileFor(profile, cell), cellOf(cell), { requestsMax: 20_000 });
  return Math.log(predicted.requestsPerSecond / peak.requestsPerSecond);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
