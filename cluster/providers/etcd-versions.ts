/** Which releases of etcd the members of a cluster run. */
import type { ShardStatus } from './provider.ts';

/** The release of each member that answers: one entry for each member, so a release may occur several times. */
export function versionsOf(shards: readonly Pick<ShardStatus, 'members'>[]): string[] {
  return shards.flatMap(({ members }) => members.flatMap(({ etcd }) => etcd?.version ?? []));
}
