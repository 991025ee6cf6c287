/** One simulated etcd cluster: its members, their addresses, and its leader. */
import { Disk } from '../host/disk.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import { diskProfiles, type DiskProfileName, type LatencyProfile } from '../kernel/latency.ts';
import type { Network } from '../network/network.ts';
import type { TraceHash } from '../kernel/trace-hash.ts';
import { nodesMax, type MemberSettings, type MemberProcess } from './member-parts.ts';
import { SimMember } from './member.ts';
import type { RaftDriver } from './raft-driver.ts';
import type { ReleaseName } from './release.ts';
import { noBugs, type SimBugs } from './sim-bugs.ts';

export interface ClusterOptions {
  /** Members are named `<name>-0`, `<name>-1`, ...; their endpoints end in ":2379". */
  name: string;
  /** Default 3.4. */
  release?: ReleaseName;
  /** Default 3. */
  members?: 1 | 3 | 5;
  /** Default pd-ssd. */
  disk?: DiskProfileName;
  /** Default 100. */
  heartbeatMs?: number;
  /** Default 1000. */
  electionMs?: number;
  /** Default true: etcd's default from 3.5 on. */
  preVote?: boolean;
  /** Default 1024. */
  maxTxnOps?: number;
  /** Default 1.5 MiB, etcd's. */
  maxRequestBytes?: number;
  /** Default null: none. */
  quotaBytes?: number | null;
  /** Default ten minutes, etcd's. */
  watchProgressMs?: number;
  /** How much later a member sends its watches what it has to tell them. Default 0. */
  watchLagMs?: number;
  /** A member that lags by more entries gets a snapshot. Default null: no member gets one. */
  keptEntries?: number | null;
  bugs?: Partial<SimBugs>;
}

/** What a cluster is built from; the world gives it. */
export interface ClusterParts {
  addProcess: (name: string) => MemberProcess;
  network: Network;
  hash: TraceHash;
  counters: FaultCounters;
}

/** The first election comes within this time, so that a run need not wait for a whole election timeout. */
const firstElectionUsMax = 20_000;

export class SimCluster {
  readonly name: string;
  /** By member, "<name>-<number>:2379": only the members that the cluster was made with. */
  readonly endpoints: readonly string[];
  readonly #members: SimMember[] = [];
  /** By node number - 1, the member that has the number, or had it. */
  readonly #nodes: SimMember[] = [];
  readonly #drivers: RaftDriver[] = [];
  readonly #settings: MemberSettings;
  readonly #profile: LatencyProfile;
  readonly #parts: ClusterParts;
  #processCount = 0;

  constructor(options: ClusterOptions, parts: ClusterParts) {
    const voters = options.members ?? 3;
    this.#settings = settingsOf(options, voters);
    this.#profile = diskProfiles[options.disk ?? 'pd-ssd'];
    this.#parts = parts;
    this.name = options.name;
    for (let count = 0; count < voters; count++) this.#start();
    this.endpoints = this.members.map(endpointOf);
    const first = this.members[this.members[0]!.process.random.nextBelow(voters)]!;
    first.raft.campaignWithin(firstElectionUsMax);
  }

  /** The members that the cluster was made with, and those that have joined and not left. */
  get members(): readonly SimMember[] {
    return this.#members;
  }

  /** Gives this member, which is to start as a new node, another number. Null: no number is left. */
  renumber(member: SimMember): number | null {
    if (this.#nodes.length + 1 >= nodesMax) return null;
    this.#nodes.push(member);
    this.#drivers.push(member.raft);
    return this.#nodes.length;
  }

  /** Makes one more process, which knows nothing and is no member until the others add it. Null: no number is left. */
  addMember(): SimMember | null {
    return this.#nodes.length + 1 >= nodesMax ? null : this.#start();
  }

  /** Stops a member that has left; it never runs again. */
  dismiss(member: SimMember): void {
    member.process.retire();
    this.#members.splice(this.#members.indexOf(member), 1);
  }

  #start(): SimMember {
    const { addProcess, network, hash, counters } = this.#parts;
    const process = addProcess(`${this.name}-${this.#processCount++}`);
    const random = process.random.fork('disk');
    const disk = new Disk({ kernel: process.kernel, random, counters, profile: this.#profile });
    const node = this.#nodes.length + 1;
    const member = new SimMember({ node, process, network, disk, hash, counters, settings: this.#settings });
    this.#nodes.push(member);
    this.#drivers.push(member.raft);
    this.#members.push(member);
    member.peers = this.#nodes;
    member.raft.peers = this.#drivers;
    return member;
  }

  /** Stops all members: the cluster is not needed any more, and they never run again. */
  retire(): void {
    for (const { process } of this.members) process.retire();
  }

  get isRetired(): boolean {
    return this.members[0]!.process.isRetired;
  }

  /** The member of this number, from 0. */
  member(at: number): SimMember {
    const member = this.members[at];
    if (member === undefined) throw new Error(`cluster ${this.name}: there is no member ${at}`);
    return member;
  }

  /** Whether there is a leader, and all members have applied the same. */
  get hasOneRevision(): boolean {
    const [first, ...others] = this.members.map(({ machine }) => machine.store.revision);
    return this.leader() !== null && others.every((revision) => revision === first);
  }

  /** The leader of the highest term, not a leader of an earlier term that does not know it yet. Null: there is none. */
  leader(): SimMember | null {
    let leader: SimMember | null = null;
    for (const member of this.members) {
      if (member.isLeader && (leader === null || member.term > leader.term)) leader = member;
    }
    return leader;
  }
}

/** Where clients find a member. */
export function endpointOf(member: SimMember): string {
  return `${member.process.name}:2379`;
}

function settingsOf(options: ClusterOptions, voters: 1 | 3 | 5): MemberSettings {
  return {
    release: options.release ?? '3.4',
    voters,
    heartbeatMs: options.heartbeatMs ?? 100,
    electionMs: options.electionMs ?? 1_000,
    preVote: options.preVote ?? true,
    maxTxnOps: options.maxTxnOps ?? 1_024,
    maxRequestBytes: options.maxRequestBytes ?? 1_572_864,
    quotaBytes: options.quotaBytes ?? null,
    watchProgressMs: options.watchProgressMs ?? 600_000,
    watchLagMs: options.watchLagMs ?? 0,
    keptEntries: options.keptEntries ?? Infinity,
    bugs: { ...noBugs, ...options.bugs },
  };
}
