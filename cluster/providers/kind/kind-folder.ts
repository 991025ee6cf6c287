/** Where in the state folder the files of a kind cluster are, and the one fact that \`vase get\` needs of it. */
import { join, resolve } from 'node:path';
import { readEndpoint } from '../../state/state-file.ts';

export interface KindFolder {
  root: string;
  stateFile: string;
  kubeconfig: string;
}

export function kindFolder(stateRoot: string): KindFolder {
  const root = join(resolve(stateRoot), 'kind');
  return { root, stateFile: join(root, 'state.json'), kubeconfig: join(root, 'kubeconfig') };
}

/** What to do about a state file that cannot be understood. */
export function afterUnreadableState({ root }: KindFolder): string {
  return `Delete the cluster (\`kind get clusters\`, \`kind delete cluster --name …\`) and ${root}.`;
}

/**
 * Where users reach the store; null when there is no kind cluster.
 * @throws ClusterError when the state file is not one that this version wrote.
 */
export function readKindEndpoint(folder: KindFolder): string | null {
  return readEndpoint(folder.stateFile, {
    portOf: (raw) => (raw as { configuration: { httpPort: unknown } }).configuration.httpPort,
    nextStep: afterUnreadableState(folder),
  });
}
