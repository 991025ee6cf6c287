/** What a simulated member is made of, and how it is set. */
import type { Disk } from '../host/disk.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { SimProcess } from '../host/process.ts';
import type { Network } from '../network/network.ts';
import type { TraceHash } from '../kernel/trace-hash.ts';
import type { ReleaseName } from './release.ts';
import type { SimBugs } from './sim-bugs.ts';

/** Node numbers of a cluster are below this. */
export const nodesMax = 32;

/** etcd's readyPercent: the share of the leader's log that a learner must have before it gets its vote. */
export const readyShare = 0.9;

/** Settings of one cluster, the same for all members; names and defaults as etcd's flags where it has them. */
export interface MemberSettings {
  release: ReleaseName;
  voters: 1 | 3 | 5;
  heartbeatMs: number;
  electionMs: number;
  preVote: boolean;
  maxTxnOps: number;
  maxRequestBytes: number;
  /** Null: none. */
  quotaBytes: number | null;
  /** How often a quiet watch is told up to which revision everything has been delivered. */
  watchProgressMs: number;
  watchLagMs: number;
  /** etcd's --snapshot-catchup-entries; Infinity: members that lag get entries alone. */
  keptEntries: number;
  bugs: SimBugs;
}

/** The events that a member adds to its trace, beside those of every process. */
export type MemberEvent =
  /** It has become leader. */
  | { name: 'raft.leader'; term: number }
  /** A bug that was planted has broken a promise of Raft. */
  | { name: 'raft.panic'; message: string };

export type MemberProcess = SimProcess<MemberEvent>;

export interface MemberParts {
  /** Node number in its cluster, from 1. */
  node: number;
  process: MemberProcess;
  network: Network;
  disk: Disk;
  hash: TraceHash;
  counters: FaultCounters;
  settings: MemberSettings;
}

/** What an operator remembers of a member that joins (sim/run/faults/join-rounds.ts). */
export interface Joining {
  /** Numbers of the nodes that it replaces. */
  replaces: readonly number[];
  node: number;
  /** Whether its process has been started as this node. */
  isStarted: boolean;
  /** It is to leave again. */
  isLeaving: boolean;
  /** Virtual milliseconds before which nobody asks the leader for its vote. */
  learnsUntilMs: number;
}

/** etcd has sixty-four bits; any distinct decimal string will do. A member that was made anew gets a new one. */
export function memberIdOf(index: number, renewedAs = 0): string {
  return String(0x8e9e05c52164694dn + BigInt(index) * 0x9e3779b1n + BigInt(renewedAs) * 0x1_0000_0000_0000n);
}
