/**
 * What this machine knows of a cluster on GKE: which cluster it is, its last requested topology, and the files to reach
 * it. One state folder has one cluster, so that no command can change another cluster by accident.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { ClusterError } from '../../errors.ts';
import { parseTopology, type Topology } from '../../topology/topology.ts';
import { readStateFile, writeStateFile } from '../../state/state-file.ts';
import type { GkeFiles } from './gke-files.ts';
import type { GkeTarget } from './resources/target.ts';

export interface GkeState {
  target: GkeTarget;
  topology: Topology;
}

/** Null where no cluster was ever deployed from here. */
export function readGkeState(files: GkeFiles): GkeState | null {
  return readStateFile(files.state, {
    parse(raw) {
      const { target, topology } = raw as GkeState;
      return { target, topology: parseTopology(topology) };
    },
    nextStep: 'Move it away and deploy again; what is on Google Cloud is found there.',
  });
}

/** Replaces the state file in one step. */
export function writeGkeState(files: GkeFiles, state: GkeState): void {
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  writeStateFile(files.state, state);
}

/** Forgets the cluster, its certificates and its token. */
export function removeGkeState(files: GkeFiles): void {
  rmSync(files.folder, { recursive: true, force: true });
}

/** @throws ClusterError when the folder belongs to another cluster. */
export function assertSameCluster(files: GkeFiles, target: GkeTarget): void {
  const known = readGkeState(files)?.target;
  if (known === undefined) return;
  const fields = ['project', 'region', 'name'] as const;
  if (fields.every((field) => known[field] === target[field])) return;
  const say = ({ project, region, name }: GkeTarget) => `${name} in ${region} of ${project}`;
  throw new ClusterError(`${files.folder} belongs to cluster ${say(known)}, not to ${say(target)}`, {
    nextStep: 'Set VASE_STATE to another folder, or take that cluster away with `make destroy-gke`.',
  });
}
