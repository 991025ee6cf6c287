/**
 * What is known of a kind cluster between two commands. It is written before each step that makes something, so that the
 * next command knows what an interrupted command left behind. The kubeconfig beside it is Vase's own: the user's is
 * neither read nor written.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseTopology, type Topology } from '../../topology/topology.ts';
import { readStateFile, writeStateFile } from '../../state/state-file.ts';
import { afterUnreadableState, type KindFolder } from './kind-folder.ts';

const port = z.int().min(1).max(65_535);

/** What is fixed when the kind cluster is made, and changes only by making the cluster anew. */
const configuration = z.object({
  profile: z.enum(['small', 'zones']),
  nodeImage: z.string(),
  /** Ports of 127.0.0.1: where users reach the store, and the view server. */
  httpPort: port,
  viewPort: port,
  /** Unique among all clusters ever made; clusters that are older than this field have none. */
  id: z.string().optional(),
});

const schema = z.object({
  format: z.literal(1),
  /**
   * - `creating`: kind may have left nodes without a cluster. `created`: the nodes exist and Kubernetes runs.
   * - `ready`: an `up` has completed.
   */
  phase: z.enum(['creating', 'created', 'ready']),
  topology: z.unknown().transform((raw): Topology => parseTopology(raw)),
  configuration,
  /** A label of the nodes: shows whether an existing kind cluster is the one that this file describes. */
  configurationHash: z.string(),
  /** The loaded image of Vase; null until it is known. */
  image: z.string().nullable(),
  /** The number of sharders in the last `up` that completed; null before the first. */
  sharders: z.int().positive().nullable(),
});

export type KindState = z.output<typeof schema>;
export type KindConfiguration = z.output<typeof configuration>;
export type KindProfile = KindConfiguration['profile'];

export function hashConfiguration(name: string, settled: KindConfiguration): string {
  return createHash('sha256')
    .update(JSON.stringify([name, settled]))
    .digest('hex')
    .slice(0, 12);
}

/**
 * The state as last written; null when there is no kind cluster.
 * @throws ClusterError when the file is not one that this version wrote.
 */
export function readKindState(folder: KindFolder): KindState | null {
  return readStateFile(folder.stateFile, {
    parse: (raw) => schema.parse(raw),
    nextStep: afterUnreadableState(folder),
  });
}

/** Replaces the state file in one step. */
export function writeKindState(folder: KindFolder, state: KindState): void {
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  writeStateFile(folder.stateFile, state);
}

/** Deletes the rest of the folder, and the folder above it where that is empty. */
export function deleteKindFolder(folder: KindFolder): void {
  rmSync(folder.root, { recursive: true, force: true });
  try {
    rmdirSync(join(folder.root, '..'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
}
