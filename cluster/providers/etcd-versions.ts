/** Which releases of etcd the members of a cluster run. */
import type { ShardStatus } from './provider.ts';

/** Of those that answer, each as often as it comes. */
export function versionsOf(shards: readonly Pick<ShardStatus, 'members'>[]): string[] {
  return shards.flatMap(({ members }) => members.flatMap(({ etcd }) => etcd?.version ?? []));
}
