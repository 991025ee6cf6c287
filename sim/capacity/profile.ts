/**
 * The costs of a platform: processor time of each part of a request, the time of a sync, the latencies of its network. The
 * figures of a Profile come from a calibration (calibrate.ts) or from the named profiles, whose sources stand beside them.
 */
import { diskProfiles, type LatencyProfile, networkProfiles } from '../kernel/latency.ts';

export interface DiskBounds {
  iops: number;
  bytesPerSecond: number;
  /** Operations of the disk for one sync, and bytes for one byte of a write: log, backend and file system together. */
  operationsPerSync: number;
  bytesPerByte: number;
}

/** Processor times in microseconds. */
export interface Profile {
  name: string;
  /** The source of the figures, for readers of a prediction. */
  source: string;
  sharder: {
    /** Cost of one request, without its transaction. */
    requestUs: number;
    /** Cost of one transaction, whatever it contains. */
    transactionUs: number;
    limitCores: number | null;
  };
  member: {
    /** Cost at the leader, per transaction and per operation in it. */
    readTransactionUs: number;
    readUs: number;
    writeTransactionUs: number;
    writeUs: number;
    /** Cost at each follower: its heartbeat for a transaction of reads, its log for one of writes. */
    followerReadTransactionUs: number;
    followerWriteTransactionUs: number;
    followerWriteUs: number;
    threads: number;
    limitCores: number | null;
  };
  /** One sync of the write-ahead log, as long as the disk keeps up. */
  wal: LatencyProfile;
  /** The most that each member's disk can do; null: more than etcd can give it. */
  disk: DiskBounds | null;
  /** One way each. */
  network: { users: LatencyProfile; store: LatencyProfile; members: LatencyProfile };
  /** Cores that all processes share, the load generator included; null: every process has its own. */
  machineCores: number | null;
  generator: { requestUs: number; threads: number } | null;
}

/**
 * Estimates, for want of a calibration: user and system time of each process from /proc, at 4, 32 and 500 users, of one
 * shard of three members on 2 cores of a cloud machine that was busy with other work, divided by 2.5 for that. Cells of a
 * run on the machine at hand say more: calibrate.ts.
 */
const laptopCosts = {
  sharder: { requestUs: 40, transactionUs: 400, limitCores: null },
  member: {
    readTransactionUs: 400,
    readUs: 6,
    writeTransactionUs: 600,
    writeUs: 10,
    followerReadTransactionUs: 90,
    followerWriteTransactionUs: 320,
    followerWriteUs: 7,
    threads: 2,
    limitCores: null,
  },
};

/** A vCPU of a cloud is a hyperthread: half of a core that is fully used. Between 1 and 2; a guess, not a measurement. */
const hyperthread = 1.5;

/** A member whose processor is slower by the factor `factor`. */
export function scaledMember(member: Profile['member'], factor: number): Profile['member'] {
  return {
    ...member,
    readTransactionUs: member.readTransactionUs * factor,
    readUs: member.readUs * factor,
    writeTransactionUs: member.writeTransactionUs * factor,
    writeUs: member.writeUs * factor,
    followerReadTransactionUs: member.followerReadTransactionUs * factor,
    followerWriteTransactionUs: member.followerWriteTransactionUs * factor,
    followerWriteUs: member.followerWriteUs * factor,
  };
}

function slower(
  { sharder, member }: typeof laptopCosts,
  factor: number,
): Pick<Profile, 'sharder' | 'member'> {
  return {
    sharder: {
      ...sharder,
      requestUs: sharder.requestUs * factor,
      transactionUs: sharder.transactionUs * factor,
    },
    member: scaledMember(member, factor),
  };
}

const zonal = {
  users: networkProfiles.same_zone,
  store: networkProfiles.same_zone,
  members: networkProfiles.cross_zone,
};

export const profiles = {
  laptop: {
    name: 'laptop',
    source:
      'processor times estimated on a busy cloud machine; 2 cores that everything shares, the load generator too; NVMe',
    ...laptopCosts,
    wal: diskProfiles.nvme,
    disk: null,
    network: {
      users: networkProfiles.same_host,
      store: networkProfiles.same_host,
      members: networkProfiles.same_host,
    },
    machineCores: 2,
    generator: { requestUs: 40, threads: 1 },
  },
  'gke-pd-ssd': {
    name: 'gke-pd-ssd',
    source:
      'laptop x 1.5 (hyperthreads); members in three zones; pd-ssd: about 1 ms a sync, as etcd and GCP users report',
    ...slower(laptopCosts, hyperthread),
    wal: diskProfiles['pd-ssd'],
    disk: null,
    network: zonal,
    machineCores: null,
    generator: null,
  },
  'gke-hyperdisk': {
    name: 'gke-hyperdisk',
    source:
      'as gke-pd-ssd; Hyperdisk Balanced: Google names sub-millisecond latency, taken as half of pd-ssd',
    ...slower(laptopCosts, hyperthread),
    disk: null,
    wal: { minUs: 350, meanExtraUs: 250, tailChance: 0.005, tailMeanUs: 3_000 },
    network: zonal,
    machineCores: null,
    generator: null,
  },
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;
