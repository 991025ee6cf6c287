/**
 * The mark in each member's data: it names their member. Data without it, or with another one, are not started as the
 * member's: an empty folder under an old name would vote again in terms in which that name has voted, and foreign data would
 * answer for a shard that they know nothing of. etcd warns of the file at each start and leaves it alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ClusterError } from '../../../errors.ts';
import { writeStateFile } from '../../../state/state-file.ts';
import type { ClusterState, MemberState, ShardState } from './cluster-state.ts';
import { dataFolderOf, type StateFolder } from '../../../state/state-folder.ts';

/** A later version may add fields; they are ignored here. */
const schema = z.object({
  format: z.literal(1),
  cluster: z.string(),
  shard: z.int(),
  /** Random, made with the shard: no two shards of any cluster share one. */
  token: z.string(),
  member: z.string(),
  /** etcd's id of a member that joined an existing shard: data of the same name with another id are an earlier member's. */
  id: z.string().optional(),
});
type VolumeMark = z.output<typeof schema>;

export interface Volume {
  folder: StateFolder;
  state: ClusterState;
  shard: ShardState;
  member: MemberState;
}

/**
 * - `own`: its data, with a log; `unmarked`: the same, from before marks existed.
 * - `empty`: there are no data, and none are needed. `lost`: its data should exist and do not.
 * - `earlier`: data of a member of this name that has left the shard.
 * - `foreign`: data of another member, or of an unknown one.
 */
type VolumeKind = 'own' | 'unmarked' | 'empty' | 'lost' | 'earlier' | 'foreign';

/** What a member's folder holds. Changes nothing. */
export function inspectVolume(volume: Volume): VolumeKind {
  const { folder, shard, member } = volume;
  const path = dataFolderOf(folder, member.name);
  const found = readMark(path);
  if (found !== null) {
    const own = markFor(volume);
    if (found === 'unreadable' || found.token !== own.token || found.member !== own.member) return 'foreign';
    if (found.id !== own.id) return 'earlier';
    if (holdsLog(path)) return 'own';
    return shard.formed ? 'lost' : 'empty';
  }
  const isOlder = shard.formed && !member.marked;
  if (isOlder) return holdsLog(path) ? 'unmarked' : 'lost';
  if (holdsAnything(path)) return 'foreign';
  return shard.formed || member.marked ? 'lost' : 'empty';
}

/**
 * Makes sure that the folder belongs to this member, and marks it. The caller saves the state.
 * @returns the folder.
 * @throws ClusterError when its data are gone or are not its own.
 */
export function claimVolume(volume: Volume): string {
  const { folder, member } = volume;
  const path = dataFolderOf(folder, member.name);
  const kind = inspectVolume(volume);
  if (kind === 'lost') throw dataLost(member, path);
  if (kind === 'earlier') throw earlier(member, path);
  if (kind === 'foreign') throw foreign(member, path);
  if (kind !== 'own') writeMark(path, markFor(volume));
  member.marked = true;
  return path;
}

/**
 * Makes an empty folder for a member that joins; keeps the data of an earlier or lost member beside it, under a name with the
 * time. The caller saves the state.
 * @returns where the data are kept; null where there were none.
 * @throws ClusterError when the folder holds foreign data.
 */
export function renewVolume(volume: Volume): string | null {
  const { folder, member } = volume;
  const path = dataFolderOf(folder, member.name);
  if (inspectVolume(volume) === 'foreign') throw foreign(member, path);
  const aside = setAside(path);
  writeMark(path, markFor(volume));
  member.marked = true;
  return aside;
}

/** Null where the folder holds nothing but its mark: there is nothing to keep. */
function setAside(path: string): string | null {
  if (!holdsAnything(path)) return null;
  const isMark = (name: string) => name.startsWith('vase.json');
  if (readdirSync(path).every(isMark)) {
    rmSync(markOf(path), { force: true });
    return null;
  }
  const aside = `${path}.kept-${new Date().toISOString().replaceAll(':', '-')}`;
  renameSync(path, aside);
  return aside;
}

function markFor({ state, shard, member }: Volume): VolumeMark {
  return {
    format: 1,
    cluster: state.topology.name,
    shard: shard.id,
    token: shard.token,
    member: member.name,
    ...(member.id !== undefined && { id: member.id }),
  };
}

/** etcd takes a folder without a segment of the log for a new member's, even with other files in it. */
function holdsLog(path: string): boolean {
  const log = join(path, 'member', 'wal');
  return existsSync(log) && readdirSync(log).some((name) => name.endsWith('.wal'));
}

function readMark(path: string): VolumeMark | 'unreadable' | null {
  let text: string;
  try {
    text = readFileSync(markOf(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}

function writeMark(path: string, mark: VolumeMark): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  writeStateFile(markOf(path), mark);
}

/** Ignores the rest of an interrupted marking. */
function holdsAnything(path: string): boolean {
  return existsSync(path) && readdirSync(path).some((name) => !name.startsWith('vase.json.'));
}

function markOf(path: string): string {
  return join(path, 'vase.json');
}

function dataLost({ name }: MemberState, path: string): ClusterError {
  return new ClusterError(`the data of ${name} are gone: ${path} holds no log`, {
    nextStep: `Put the folder back, or run \`vase member replace ${name}\`: the others of its shard have the data.`,
  });
}

function earlier({ name }: MemberState, path: string): ClusterError {
  return new ClusterError(
    `${path} is not the folder of ${name}: it holds the data of an earlier ${name}, which has left its shard`,
    {
      nextStep: `Put the folder of ${name} back, or run \`vase member replace ${name}\`. Vase deletes neither.`,
    },
  );
}

function foreign({ name }: MemberState, path: string): ClusterError {
  const found = readMark(path);
  const whose =
    found === null
      ? 'data without a mark of whose they are'
      : found === 'unreadable'
        ? 'a mark that cannot be read'
        : `the data of ${found.member} of cluster ${found.cluster}, made as ${found.token}`;
  return new ClusterError(`${path} is not the folder of ${name}: it holds ${whose}`, {
    nextStep: `Move it away, and put the folder of ${name} in its place. Vase deletes neither.`,
  });
}
