/**
 * The command line of one etcd member. It depends only on the topology and the member's place, so that it can be read
 * and tested without starting a process.
 */
import { asFlags, etcdSettings, etcdSettingsWhereKnown } from '../topology/etcd-settings.ts';
import type { Topology } from '../topology/topology.ts';

export interface EtcdMemberPlace {
  name: string;
  dataFolder: string;
  clientUrl: string;
  peerUrl: string;
  /** All members of the shard. */
  peers: readonly { name: string; peerUrl: string }[];
  token: string;
  /** `new` until the shard has had its first leader. */
  clusterState: 'new' | 'existing';
  /** Makes it the only member of its cluster, even if its data name others. */
  forceNewCluster?: boolean;
}

/**
 * @param knownFlags the flags that this etcd knows; it gets flags that not every version since 3.4 has only if it knows them.
 */
export function etcdFlags(
  place: EtcdMemberPlace,
  settings: Topology['etcd'],
  knownFlags: ReadonlySet<string>,
): string[] {
  const always = {
    '--name': place.name,
    '--data-dir': place.dataFolder,
    '--listen-client-urls': place.clientUrl,
    '--advertise-client-urls': place.clientUrl,
    '--listen-peer-urls': place.peerUrl,
    '--initial-advertise-peer-urls': place.peerUrl,
    '--initial-cluster': place.peers.map((peer) => `${peer.name}=${peer.peerUrl}`).join(','),
    '--initial-cluster-token': place.token,
    '--initial-cluster-state': place.clusterState,
    ...(place.forceNewCluster === true && { '--force-new-cluster': 'true' }),
    ...etcdSettings(settings),
  };
  const known = Object.entries(etcdSettingsWhereKnown).filter(([flag]) => knownFlags.has(flag));
  return asFlags({ ...always, ...Object.fromEntries(known) });
}
