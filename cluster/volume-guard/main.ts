/**
 * Runs in a pod before its etcd, and decides whether that may start on the volume that is mounted. etcd takes an empty volume
 * for a new member's: in a shard that has been formed it would vote again in terms in which its name has voted, and a write
 * that it has acknowledged would be gone. Ends with 0, or with 1 and two lines: what is wrong, and what to do.
 *
 * It imports nothing but Node: manifests carry its text (cluster/manifests/volume-guard.ts).
 */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The same as the local provider's (cluster/providers/local/state/volume-mark.ts), which a test reads these with. */
interface VolumeMark {
  format: 1;
  cluster: string;
  shard: number;
  /** etcd's --initial-cluster-token. */
  token: string;
  member: string;
}

const { POD_NAME: member = '', VASE_CLUSTER: cluster = '', VASE_SHARD: shard = '' } = process.env;
const { VASE_TOKEN: token = '', VASE_VOLUME: volume = '', VASE_IDENTITY: identity = '' } = process.env;
const markFile = join(volume, 'vase.json');

function main(): void {
  const found = readMark();
  if (found !== null && (found === 'unreadable' || found.token !== token || found.member !== member))
    refuse(
      `the volume of ${member} is not its own: it holds ${
        found === 'unreadable'
          ? 'a mark that cannot be read'
          : `the data of ${found.member}, made as ${found.token}`
      }`,
      'Give the pod its own volume back. Vase deletes neither.',
    );
  const members = readIdentity('members')?.split(',') ?? null;
  if (members !== null && !members.includes(member))
    refuse(
      `${member} is no member of shard ${shard}, which was formed with ${members.join(', ')}`,
      `Apply the objects with the number of members that it has: ${members.length}.`,
    );
  if (members !== null && !holdsLog() && readIdentity(`join-${member}`) === null)
    refuse(
      `the volume of ${member} is empty, and shard ${shard} has been formed: it would vote without what it has promised`,
      members.length > 1
        ? `Type: vase member replace ${member}`
        : 'Give the pod its own volume back: no other member has the data.',
    );
  // Data without a mark are those of a version of before there was one.
  if (found === null) writeMark();
}

/** What the shard's ConfigMap says, if there is one: there is from the moment on at which the shard has been formed. */
function readIdentity(key: string): string | null {
  return readText(join(identity, key));
}

/** etcd takes a folder without a segment of the log for a new member's, whatever else is in it. */
function holdsLog(): boolean {
  const log = join(volume, 'data', 'member', 'wal');
  return existsSync(log) && readdirSync(log).some((name) => name.endsWith('.wal'));
}

function readMark(): VolumeMark | 'unreadable' | null {
  const text = readText(markFile);
  if (text === null) return null;
  try {
    const mark = JSON.parse(text) as VolumeMark | null;
    return mark?.format === 1 ? mark : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/** In one step: what a crash in the midst leaves is under another name. */
function writeMark(): void {
  const mark: VolumeMark = { format: 1, cluster, shard: Number(shard), token, member };
  writeFileSync(`${markFile}.new`, `${JSON.stringify(mark, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${markFile}.new`, markFile);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function refuse(what: string, fix: string): never {
  process.stderr.write(`${what}\n${fix}\n`);
  process.exit(1);
}

main();
