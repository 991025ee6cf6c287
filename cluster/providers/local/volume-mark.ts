/**
 * The mark that each member's data carry: whose they are. Data without it, or with another one, are not started as the
 * member's: an empty folder under an old name would vote again in terms in which that name has voted, and foreign data would
 * answer for a shard that they know nothing of. etcd warns of the file at each start and leaves it alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ClusterError } from '../../errors.ts';
import { writeStateFile } from '../state-file.ts';
import type { ClusterState, MemberState, ShardState } from './cluster-state.ts';
import { dataFolderOf, type StateFolder } from './state-folder.ts';

/** Unknown fields are a later version's and say nothing here. */
const schema = z.object({
  format: z.literal(1),
  cluster: z.string(),
  shard: z.int(),
  /** Random, made with the shard: no two shards of any clusters share one. */
  token: z.string(),
  member: z.string(),
});
type VolumeMark = z.output<typeof schema>;

export interface Volume {
  folder: StateFolder;
  state: ClusterState;
  shard: ShardState;
  member: MemberState;
}

/**
 * Makes sure that the folder is this member's, and marks it. The caller saves the state.
 * @returns the folder.
 * @throws ClusterError when its data are gone or are not its own.
 */
export function claimVolume({ folder, state, shard, member }: Volume): string {
  const path = dataFolderOf(folder, member.name);
  const own = {
    format: 1,
    cluster: state.topology.name,
    shard: shard.id,
    token: shard.token,
    member: member.name,
  } as const;
  const found = readMark(path);
  if (found !== null && !isSame(found, own)) throw foreign(member, path, found);
  if (shard.formed && !existsSync(join(path, 'member', 'wal'))) throw dataLost(member, path);
  if (found === null) {
    const isOlder = shard.formed && !member.marked;
    if (!isOlder && holdsAnything(path)) throw foreign(member, path, null);
    writeMark(path, own);
  }
  member.marked = true;
  return path;
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

/** But for what a marking that was cut short has left. */
function holdsAnything(path: string): boolean {
  return existsSync(path) && readdirSync(path).some((name) => !name.startsWith('vase.json.'));
}

function markOf(path: string): string {
  return join(path, 'vase.json');
}

function isSame(found: VolumeMark | 'unreadable', own: VolumeMark): boolean {
  return found !== 'unreadable' && found.token === own.token && found.member === own.member;
}

function dataLost({ name }: MemberState, path: string): ClusterError {
  return new ClusterError(`the data of ${name} are gone: ${path} holds no log`, {
    nextStep: 'Put the folder back, or run `make clean` for a new, empty cluster.',
  });
}

function foreign({ name }: MemberState, path: string, found: VolumeMark | 'unreadable' | null): ClusterError {
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
