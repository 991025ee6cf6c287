/**
 * What is known of a local cluster between two commands: its topology, its ports and the processes that were started.
 * Written atomically; an entry of a process holds only if the process still has that start time.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { parseTopology, type Topology } from '../../../topology/topology.ts';
import { afterUnreadableState } from './found-files.ts';
import { readStateFile, writeStateFile } from '../../../state/state-file.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

const port = z.int().min(1).max(65_535);
const processIdentity = z.object({ pid: z.int().positive(), startedAt: z.string() }).nullable();

/** How often the keeper has restarted a process since `up` or a requested restart started it, and when it last did. */
const restarts = z.looseObject({ count: z.int().positive(), at: z.string() }).optional();

const joining = z.looseObject({
  /** etcd's id, decimal, of the member that it replaces and that must leave first; null: none. */
  replaces: z.string().nullable(),
  /** Whether it has been started: from then on an empty data folder is a loss. */
  started: z.boolean(),
});

const memberState = z.looseObject({
  name: z.string(),
  clientPort: port,
  peerPort: port,
  process: processIdentity,
  restarts,
  /** Whether its data have their mark; data from before marks existed get one at the next start. */
  marked: z.boolean().optional(),
  /** etcd's id, decimal, of a member that joined an existing shard; the shard's first members have none. */
  id: z.string().optional(),
  /** While the member has no vote yet: it must be added as a learner, and promoted. */
  joining: joining.optional(),
  /** The member enlarges the shard, and the view does not name it yet. */
  adding: z.literal(true).optional(),
  /** The member is being removed permanently: the view no longer names it, or soon will not. */
  leaving: z.literal(true).optional(),
});

const shardState = z.looseObject({
  id: z.int().positive(),
  /** Keeps members of different clusters apart. */
  token: z.string(),
  /** True once the shard had a leader: from then on an empty data folder is a loss, not a start. */
  formed: z.boolean(),
  /** The name of the member from whose data alone the shard is being recovered, until it is the only member. */
  recovering: z.string().optional(),
  members: z.array(memberState),
});

const sharderState = z.looseObject({
  name: z.string(),
  adminPort: port,
  /** Where this sharder alone answers users; a sharder from before such ports existed gets one when `up` runs. */
  ownPort: port.nullable().default(null),
  process: processIdentity,
  restarts,
  /** The settings it was started with; a sharder whose text differs from the wanted one must be restarted. */
  settings: z.string(),
});

const viewServerState = z.looseObject({
  name: z.string(),
  /** Where its HTTP interface is, on loopback. */
  port,
  process: processIdentity,
  restarts,
  /** As for a sharder. */
  settings: z.string(),
});

const keeperState = z.looseObject({
  name: z.literal('keeper'),
  process: processIdentity,
  settings: z.string(),
});

const etcdState = z.looseObject({
  /** Absolute. */
  path: z.string(),
  /** For example "3.7.3". */
  version: z.string(),
});

const schema = z.looseObject({
  format: z.literal(1),
  topology: z.unknown().transform((raw): Topology => parseTopology(raw)),
  /** What `topology.ports.http` became: the same, or the free port that was found for 0. */
  httpPort: port,
  /** The etcd with which every member is started; older clusters record none until a member is started or `up` runs. */
  etcd: etcdState.optional(),
  /** The existing shards, the home shard first; the view server makes and deletes the others. */
  shards: z.array(shardState),
  sharders: z.array(sharderState),
  /** Empty for clusters that are older than view servers. */
  viewServers: z.array(viewServerState).default([]),
  /** The process that restarts the others; clusters that are older than keepers have none. */
  keeper: keeperState.optional(),
});

/**
 * Raised with each new field: an older keeper or view server that outlives a change of Vase would drop the field whenever it
 * writes the state, so `up` starts a new one.
 */
export const stateVersion = 6;

export type ClusterState = z.output<typeof schema>;
export type ShardState = z.output<typeof shardState>;
export type MemberState = z.output<typeof memberState>;
export type ViewServerState = z.output<typeof viewServerState>;
export type SharderState = z.output<typeof sharderState>;

export function membersOf(state: Pick<ClusterState, 'shards'>): MemberState[] {
  return state.shards.flatMap((shard) => shard.members);
}

/** The members that have a vote and keep it, or had one until their data were lost. */
export function votersOf({ members }: Pick<ShardState, 'members'>): MemberState[] {
  return members.filter((member) => member.joining === undefined && member.leaving === undefined);
}

/** The members that the view names: a replaced member always, a new one when it has its vote. */
export function namedOf({ members }: Pick<ShardState, 'members'>): MemberState[] {
  return members.filter(
    ({ adding, joining: joins, leaving }) =>
      leaving === undefined && (adding === undefined || joins === undefined),
  );
}

/** Whether a change of this member has been begun and is not complete. */
export function isChanging({ joining: joins, adding, leaving }: MemberState): boolean {
  return joins !== undefined || adding !== undefined || leaving !== undefined;
}

/** A part of the cluster that runs as a process. */
export type Owner = Pick<MemberState, 'name' | 'process' | 'restarts'>;

/** All processes that the keeper keeps running: members, sharders and view servers. */
export function ownersOf(state: Pick<ClusterState, 'shards' | 'sharders' | 'viewServers'>): Owner[] {
  return [...membersOf(state), ...state.sharders, ...state.viewServers];
}

/**
 * The state as last written; null when there is no cluster, or its state file is gone.
 * @throws ClusterError when the file is not one that this version wrote.
 */
export function readState(folder: StateFolder): ClusterState | null {
  return readStateFile(folder.stateFile, {
    parse: (raw) => schema.parse(raw),
    nextStep: afterUnreadableState(folder),
  });
}

/**
 * What the copy beside the data says; null where there is none.
 * @throws ClusterError as `readState`.
 */
export function readStateCopy(folder: StateFolder): ClusterState | null {
  return readStateFile(folder.stateCopy, {
    parse: (raw) => schema.parse(raw),
    nextStep: 'Run `make clean`: it says what there is, stops the processes and deletes the data.',
  });
}

/** Replaces the copy and then the state file, each in one step. */
export function writeState(folder: StateFolder, state: ClusterState): void {
  if (existsSync(folder.data)) writeStateFile(folder.stateCopy, state);
  writeStateFile(folder.stateFile, state);
}
