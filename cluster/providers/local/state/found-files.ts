/**
 * What can be found out about a local cluster without the schema of its state, which takes longer to load than a request to the
 * store: whether a cluster exists, and where it answers.
 */
import { existsSync, readdirSync } from 'node:fs';
import { readEndpoint } from '../../../state/state-file.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

/** Members' folders, and the kept data of replaced members, ascending: other files in the data folder are not Vase's. */
export function listData(folder: StateFolder): string[] {
  if (!existsSync(folder.data)) return [];
  return readdirSync(folder.data)
    .filter((name) => /^etcd-\d+-\d+(\.kept-[\dTZ.-]+)?$/.test(name))
    .toSorted();
}

/** Whether a local cluster is in the folder, even one without a state file. */
export function holdsCluster(folder: StateFolder): boolean {
  return existsSync(folder.stateFile) || existsSync(folder.stateCopy) || listData(folder).length > 0;
}

/** What to do about a state file that cannot be understood. */
export function afterUnreadableState({ stateCopy }: StateFolder): string {
  return (
    `Move it away: \`make up\` then goes by its copy ${stateCopy}. ` +
    '`make clean` says what there is, stops the processes and deletes the data.'
  );
}

/**
 * Where users reach the store; null when there is no local cluster.
 * @throws ClusterError when the state file is not one that this version wrote.
 */
export function readLocalEndpoint(folder: StateFolder): string | null {
  return readEndpoint(folder.stateFile, {
    portOf: (raw) => (raw as { httpPort: unknown }).httpPort,
    nextStep: afterUnreadableState(folder),
  });
}
