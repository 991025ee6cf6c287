/**
 * The names that can be completed, of the running or stopped cluster: read from its state file without its schema. An
 * unreadable file gives no names, since a shell that completes cannot report a fault.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindFolder } from '../../cluster/providers/kind/kind-folder.ts';
import { stateFolder } from '../../cluster/state/state-folder.ts';
import { whereToLook } from '../context/find-cluster.ts';

export interface ClusterNames {
  shards: string[];
  members: string[];
  /** Members and all others that have a log. */
  processes: string[];
}

interface Named {
  name: string;
}

/** The fields that names are read from; a file of another form has none of them. */
interface LocalState {
  shards: { id: number; members: Named[] }[];
  sharders: Named[];
  viewServers?: Named[];
  keeper?: Named;
}

interface KindState {
  topology: { shards: number; firstShard: number; members: number };
}

const nothing: ClusterNames = { shards: [], members: [], processes: [] };

export function clusterNames(place: { provider: string | undefined; stateRoot: string }): ClusterNames {
  try {
    const kind = whereToLook(place);
    if (kind === 'local') return localNames(read(stateFolder(place.stateRoot).stateFile) as LocalState);
    if (kind === 'kind') return kindNames(read(kindFolder(place.stateRoot).stateFile) as KindState);
    return nothing;
  } catch {
    return nothing;
  }
}

/** The names of benchmarks and of other runs that left a folder. */
export function runNames(stateRoot: string): string[] {
  try {
    return readdirSync(join(stateRoot, 'runs')).toSorted();
  } catch {
    return [];
  }
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function localNames({ shards, sharders, viewServers = [], keeper }: LocalState): ClusterNames {
  const members = shards.flatMap((shard) => shard.members.map(({ name }) => name));
  const others = [...sharders, ...viewServers, ...(keeper === undefined ? [] : [keeper])];
  return {
    shards: shards.map(({ id }) => `etcd-${id}`),
    members,
    processes: [...members, ...others.map(({ name }) => name)],
  };
}

/** The names that the cluster was made with; only Kubernetes knows those that were added since. */
function kindNames({ topology }: KindState): ClusterNames {
  const shards = Array.from({ length: topology.shards }, (_, index) => `etcd-${topology.firstShard + index}`);
  const ordinals = Array.from({ length: topology.members }, (_, index) => index);
  const members = shards.flatMap((shard) => ordinals.map((ordinal) => `${shard}-${ordinal}`));
  return { shards, members, processes: members };
}
