/**
 * Whether the data of a member that does not run are lost: deleted, or so damaged that etcd ends at each start on them.
 * Raft counts on what a member has promised, so one without its data must leave the shard and join it as a new one.
 */
import { shardName } from '../../../../sharder/core/view.ts';
import type { Problem } from '../../provider.ts';
import { isChanging, votersOf, type MemberState, type ShardState } from '../state/cluster-state.ts';
import { readTail } from './log-file.ts';
import { dataFolderOf, logFileOf } from '../../../state/state-folder.ts';
import { inspectVolume, type Volume } from '../state/volume-mark.ts';

/** From its start to its end etcd writes some dozen lines, and a panic writes as many again for each of its threads. */
const linesOfLog = 2000;

/** What etcd gives as its reason where the fault is not in the data. */
const otherReason =
  /address already in use|no space left|permission denied|not permitted|read-only file system|too many open files|cannot allocate|out of memory|resource temporarily|downgrade/i;
const dataReason =
  /crc|\bwal|proto:|snap|checksum|corrupt|invalid database|failed to open database|unexpected EOF|out of range/i;

/** The sentence that says what is lost; null where nothing is known to be. */
export function findLoss(volume: Volume): string | null {
  const { folder, member } = volume;
  const { name } = member;
  const kind = inspectVolume(volume);
  if (kind === 'lost') return `the data of ${name} are gone: ${dataFolderOf(folder, name)} holds no log`;
  if (kind === 'earlier')
    return `${dataFolderOf(folder, name)} holds the data of an earlier ${name}, which has left its shard`;
  if (kind !== 'own') return null;
  const reason = findDamage(readTail(logFileOf(folder, name), linesOfLog));
  return reason === null ? null : `the data of ${name} are damaged, and etcd cannot start on them: ${reason}`;
}

/** As `findLoss`, for a member that runs: deleted data are lost even under a running process. Only a start shows damage. */
export function findDeleted(volume: Volume): string | null {
  if (inspectVolume(volume) === 'own') return null;
  const loss = findLoss(volume);
  return loss === null ? null : `${loss}; it runs on, and ends with what it knows when it is stopped`;
}

/**
 * Why etcd could not read its data at its last start, in its own words.
 * @param log the end of its log.
 * @returns null where it could, where the log gives another reason, or where it gives none.
 */
export function findDamage(log: string): string | null {
  const lines = log.split('\n');
  // Each start logs the release before it opens the data.
  const start = lines.findLastIndex((line) => line.includes('"etcd-version"'));
  if (start < 0) return null;
  const last = lines.slice(start);
  if (last.some((line) => line.includes('"ready to serve client requests"'))) return null;
  for (const line of last) {
    const reason = reasonIn(line);
    if (reason !== null) return otherReason.test(reason) ? null : reason;
  }
  return null;
}

function reasonIn(line: string): string | null {
  const panic = /^panic: (.*)$/.exec(line)?.[1];
  if (panic !== undefined) return panic;
  if (!/^\{"level":"(fatal|panic)"/.test(line)) return null;
  const { level, msg, error } = parse(line);
  const reason = [msg, error].filter((part) => typeof part === 'string').join(': ');
  return level === 'panic' || dataReason.test(reason) ? reason : null;
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The lost data and what to do about them, as `up` and `status` say it. */
export function describeLoss(what: string, name: string, shard: { id: number; hasQuorum: boolean }): Problem {
  return {
    what,
    fix: shard.hasQuorum
      ? `\`vase member replace ${name}\` puts an empty one in its place, which gets all data from the others of its ` +
        'shard; `vase up --replace` does so for all such members.'
      : 'Its shard has no quorum without it: put its folder back, and run `make up`. Where that cannot be, ' +
        `\`vase shard recover ${shard.id} --from MEMBER\` makes the shard of what one member has, and says what may be lost.`,
  };
}

/** What to do about a member that joins, leaves, or is not named in the view yet; null for any other. */
export function describeChange(member: MemberState, shard: Pick<ShardState, 'id'>): Problem | null {
  if (!isChanging(member)) return null;
  const { name, joining, leaving } = member;
  const what =
    leaving !== undefined
      ? `${name} has been told to leave its shard, and has not left yet`
      : joining !== undefined
        ? `${name} has no vote in its shard yet`
        : `${name} has its vote, and the view does not name it yet`;
  return { what, fix: `\`${goOnCommand(member, shard)}\` goes on with that, and so does \`make up\`.` };
}

/** What to do about a running member whose data are deleted. */
export function describeDeleted(what: string, { name }: MemberState, shard: ShardState): Problem {
  const others = votersOf(shard).filter((each) => each.name !== name);
  if (isQuorum(shard, new Set(others.map((each) => each.name))))
    return describeLoss(what, name, { id: shard.id, hasQuorum: true });
  return {
    what,
    fix:
      `Do not stop it: its shard has no quorum without it. \`vase member add ${shardName(shard.id)}\` gives its data to another ` +
      `member; then \`vase member remove ${name}\`.`,
  };
}

/** The command that continues the change that was begun with this member. */
export function goOnCommand({ name, adding, leaving }: MemberState, { id }: Pick<ShardState, 'id'>): string {
  if (leaving !== undefined) return `vase member remove ${name}`;
  return adding === undefined ? `vase member replace ${name}` : `vase member add ${shardName(id)}`;
}

/** Whether these names include a majority of the shard's voters. */
export function isQuorum(shard: Pick<ShardState, 'members'>, names: ReadonlySet<string>): boolean {
  const voters = votersOf(shard);
  return voters.filter(({ name }) => names.has(name)).length > voters.length / 2;
}
