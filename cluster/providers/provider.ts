/**
 * What every place where a cluster can run offers: processes on this machine, kind, GKE. Members and sharders have the
 * names of pods (etcd-1-0: shard 1, member 0), whatever they really are.
 */
import type { DiskProfile } from '../disk/disk-profile.ts';
import type { FsyncDurations } from '../metrics/fsync-histogram.ts';
import type { ClusterEtcd } from '../etcd/cluster-etcd.ts';
import type { Topology } from '../topology/topology.ts';
import type { StepReporter, StepTime } from './steps.ts';

export interface ActionOptions {
  reporter: StepReporter;
  /** Ends the action early; what it had started is stopped first. */
  signal: AbortSignal;
}

export interface UpOptions extends ActionOptions {
  /** Replaces members whose data are lost with new ones, where their shard has a quorum without them. */
  replaceLost?: boolean;
}

/** Where a cluster can run. */
export type ProviderKind = 'local' | 'kind' | 'gke';

export interface Provider {
  readonly kind: ProviderKind;

  /**
   * Brings the cluster to this topology and proves with a write and a read on every shard that it serves. Fields that
   * are left out keep the value of the cluster that is there. Changes nothing when nothing differs.
   * @param requested fields of a topology, not yet validated.
   * @throws UsageError for a wrong field; ClusterError for a change that cannot be made, or a failure:
   *   what this call had started is stopped before it throws, what ran before goes on.
   */
  up(requested: unknown, options: UpOptions): Promise<UpResult>;
  /** Adds and removes members of shards; null where this provider cannot do so yet. */
  readonly members: MemberControl | null;
  /** Whether `down` keeps the data for the next `up`. */
  readonly keepsDataWhenDown: boolean;
  /** Stops everything, with `keepsDataWhenDown` without touching the data. Does nothing when nothing runs. */
  down(options: ActionOptions): Promise<void>;
  /** Stops everything and deletes the data. */
  clean(options: ActionOptions): Promise<void>;
  status(): Promise<ClusterStatus>;
  /** Where users reach the store, for example "http://127.0.0.1:5000"; null when there is no cluster. */
  endpoint(): Promise<string | null>;
  /** Where the view server answers, for example "http://127.0.0.1:20001"; null when there is none. */
  viewServerEndpoint(): Promise<string | null>;
  /** @throws UsageError for a name that no process of the cluster has; it lists the names. */
  logs(name: string, options: LogOptions): Promise<void>;
  /** A way to each sharder alone, past the load balancer of the endpoint; valid as long as this provider is open. */
  sharderDoors(): Promise<SharderDoor[]>;
  readonly faults: FaultControl;
  /** Closes connections, so that the process can end. */
  close(): Promise<void>;
}

export interface SharderDoor {
  /** Name of the sharder, as in its status. */
  sharder: string;
  /** For example "http://127.0.0.1:20001". */
  url: string;
}

export interface UpResult {
  endpoint: string;
  topology: Topology;
  /** How many members each shard has: "3 members", or "1 to 3 members"; absent: as many as the topology says. */
  size?: string;
  /** False when the cluster was already as requested. */
  changed: boolean;
  steps: readonly StepTime[];
  /** What could not be brought up, while the rest serves; empty: all is well. */
  left: readonly Problem[];
  /** What the user should know and is no fault. */
  notes: readonly string[];
}

export interface LogOptions {
  /** Newest lines to show first. */
  lines: number;
  /** Goes on with new lines until the signal. */
  follow: boolean;
  signal: AbortSignal;
  write(text: string): void;
}

/**
 * - `absent`: no cluster. `stopped`: there is data and nothing runs.
 * - `ready`: everything runs. `degraded`: serves, and something is wrong. `unavailable`: some keys cannot be served.
 */
export type ClusterHealth = 'absent' | 'stopped' | 'ready' | 'degraded' | 'unavailable';

export interface ClusterStatus {
  provider: ProviderKind;
  health: ClusterHealth;
  endpoint: string | null;
  shards: ShardStatus[];
  sharders: SharderStatus[];
  viewServers: ViewServerStatus[];
  /** The etcd with which members are started; null where an image decides, or where it is not recorded yet. */
  etcd: ClusterEtcd | null;
  /** The disk that each member's volume emulates; null where members have the machine's own, or a real one. */
  disk: DiskStatus | null;
  problems: Problem[];
  /** What the user should know and is no fault. */
  notes: string[];
}

export interface Problem {
  what: string;
  /** What to do about it. */
  fix: string;
}

export interface DiskStatus extends DiskProfile {
  /** Members that run without the caps of this disk; empty: it is emulated everywhere. */
  uncapped: string[];
}

/** How often a process was started again because it had ended by itself, and when last, in ISO 8601. */
export interface Restarts {
  count: number;
  at: string | null;
}

export type ProcessHealth = 'running' | 'paused' | 'stopped';

export interface ShardStatus {
  id: number;
  name: string;
  /** Name of the member that is leader; null when there is no leader. */
  leader: string | null;
  hasQuorum: boolean;
  /** Whether a member has reached its quota: the shard takes no writes. Also false when this is not known. */
  isFull: boolean;
  /** Whether a member has found that its data differ from another one's: the shard takes no writes. */
  isCorrupt: boolean;
  /** Syncs of the log by all members that answer, each since its start; null when there is no figure. */
  fsync: FsyncDurations | null;
  members: MemberStatus[];
}

export interface MemberStatus {
  name: string;
  process: ProcessHealth;
  pid: number | null;
  restarts: Restarts;
  endpoint: string;
  /** Null when the member does not answer. */
  etcd: {
    version: string;
    dbSizeBytes: number;
    /** The size without the gaps. */
    dbSizeInUseBytes: number;
    /** Null when the member does not report it and it is not known otherwise. */
    quotaBytes: number | null;
    raftTerm: number;
    raftIndex: number;
    leads: boolean;
    /** A learner receives the data and has no vote yet. */
    isLearner: boolean;
  } | null;
  /** Syncs of the log since the member's start, by etcd's own measure; null when there is no figure. */
  fsync: FsyncDurations | null;
}

export interface SharderStatus {
  name: string;
  process: ProcessHealth;
  pid: number | null;
  restarts: Restarts;
  adminEndpoint: string;
  ready: boolean;
}

export interface ViewServerStatus {
  name: string;
  process: ProcessHealth;
  pid: number | null;
  restarts: Restarts;
  endpoint: string;
  ready: boolean;
}

/** A member as its shard's etcd itself lists it. */
export interface ListedMember {
  name: string;
  shard: number;
  /** etcd's id, hexadecimal as etcd's own tools write it; null where the member has none yet, or it is not known. */
  id: string | null;
  /** Null where the member does not answer. */
  role: 'leader' | 'follower' | 'learner' | null;
  endpoint: string;
  version: string | null;
  dbSizeBytes: number | null;
  /** What is wrong with it and what to do; null: it is well. */
  problem: Problem | null;
}

export interface MemberOptions {
  /** Ends the action early; the same call continues it later. */
  signal: AbortSignal;
  /** Called with one sentence for each thing that is done. */
  report: (step: string) => void;
}

export interface Recovery {
  /** What will be done: sentences. */
  plan: string;
  /** What may be lost by it: sentences. */
  loss: string[];
}

export interface MemberControl {
  list(): Promise<ListedMember[]>;
  /**
   * Replaces a member whose data are lost with a new one, or continues such a replacement.
   * @returns what has been done, a sentence.
   * @throws UsageError for an unknown name; ClusterError where it is not lost, or its shard has no quorum without it.
   */
  replace(name: string, options: MemberOptions): Promise<string>;
  /**
   * Adds one member to a shard, or continues such an addition.
   * @param shard null where there is only one.
   * @returns the member's name, and what has been done: sentences.
   * @throws UsageError for an unknown shard, or a provider that cannot add members yet; ClusterError where none may be added.
   */
  add(shard: number | null, options: MemberOptions): Promise<{ name: string; done: string }>;
  /**
   * Removes a member from its shard permanently, with its data, or continues such a removal.
   * @returns what has been done: sentences. Nothing, where the shard has no member of this name.
   * @throws UsageError for a name of no shard, or a provider that cannot remove members yet; ClusterError where the shard
   *   cannot do without the member.
   */
  remove(name: string, options: MemberOptions): Promise<string>;
  /**
   * Starts the members of a shard that can be started, and says what a recovery from one member's data would do and lose.
   * @returns null where the shard has a leader: it needs no recovery.
   * @throws UsageError for an unknown shard or member; ClusterError where that member has no data.
   */
  planRecovery(shard: number, from: string, options: MemberOptions): Promise<Recovery | null>;
  /** Makes that recovery, or continues it. @returns what has been done, a sentence; null as `planRecovery`. */
  recover(shard: number, from: string, options: MemberOptions): Promise<string | null>;
}

/** Something that a nemesis can strike. */
export type FaultTarget =
  | { kind: 'member'; name: string; shard: number; leads: boolean; process: ProcessHealth }
  | { kind: 'sharder'; name: string; process: ProcessHealth }
  | { kind: 'view-server'; name: string; process: ProcessHealth };

/** Faults for tests. Every action ends when it has taken effect; all throw UsageError for an unknown name. */
export interface FaultControl {
  targets(): Promise<FaultTarget[]>;
  /** Ends the process without warning. Kubernetes starts it again; elsewhere `restart` or `up` does. */
  kill(name: string): Promise<void>;
  /** Stops the process, including its connections, until `resume`. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Starts the process again, and kills it first if it runs. Does not wait until it serves. */
  restart(name: string): Promise<void>;
}
