/**
 * Which etcd the members run in a cluster whose state does not record it yet: read from the running members and from the logs.
 * The newest release counts: an older one cannot have run on its data and done well.
 */
import { createReadStream, existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KnownEtcd } from '../../../etcd/cluster-etcd.ts';
import { compareReleases } from '../../../etcd/compare-releases.ts';
import { membersOf, type ClusterState, type MemberState } from '../state/cluster-state.ts';
import { localHost } from '../../../host/local-host.ts';
import { processState } from '../../../host/process-identity.ts';
import { dataFolderOf, logFileOf, type StateFolder } from '../../../state/state-folder.ts';

/** A healthy member on this machine answers within milliseconds; a paused one never does. */
const answerTimeoutMs = 1500;

/** Null where no member has data, as in a new cluster, or where no member and no log names a release. */
export async function findSeenRelease(
  folder: StateFolder,
  state: Pick<ClusterState, 'shards'>,
): Promise<KnownEtcd | null> {
  const members = membersOf(state).filter(({ name }) =>
    existsSync(join(dataFolderOf(folder, name), 'member')),
  );
  const seen = await Promise.all(
    members.map(async (member) => [...(await askMember(member)), ...(await readLogs(folder, member))]),
  );
  return seen
    .flat()
    .reduce<KnownEtcd | null>(
      (newest, etcd) =>
        newest !== null && compareReleases(newest.version, etcd.version) >= 0 ? newest : etcd,
      null,
    );
}

async function askMember(member: MemberState): Promise<KnownEtcd[]> {
  if (member.process === null || (await processState(member.process)) !== 'running') return [];
  try {
    const response = await fetch(`http://${localHost}:${member.clientPort}/version`, {
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    const { etcdserver } = (await response.json()) as { etcdserver?: unknown };
    if (typeof etcdserver !== 'string') return [];
    return [{ version: etcdserver, path: programOf(member.process.pid) }];
  } catch {
    // The member is just starting, or hangs: its log names the release.
    return [];
  }
}

/** Null where there is no /proc. */
function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

/** Each start logs its release, as a line of JSON. The logs are read once in a cluster's life, and line by line. */
async function readLogs(folder: StateFolder, { name }: MemberState): Promise<KnownEtcd[]> {
  const found = new Set<string>();
  const log = logFileOf(folder, name);
  for (const path of [log, `${log}.1`].filter((candidate) => existsSync(candidate)))
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const version = /"etcd-version":"(\d+\.\d+\.[^"]+)"/.exec(line)?.[1];
      if (version !== undefined) found.add(version);
    }
  return [...found].map((version) => ({ version, path: null }));
}
