/** Finds the provider of a state folder's cluster, by its files alone: it loads no provider. */
import { existsSync } from 'node:fs';
import { UsageError } from '../../cluster/errors.ts';
import { gkeFiles } from '../../cluster/providers/gke/gke-files.ts';
import { kindFolder } from '../../cluster/providers/kind/kind-folder.ts';
import { holdsCluster } from '../../cluster/providers/local/state/found-files.ts';
import type { ProviderKind } from '../../cluster/providers/provider.ts';
import { stateFolder } from '../../cluster/state/state-folder.ts';

export const providerKinds = ['local', 'kind', 'gke'] as const satisfies readonly ProviderKind[];

/**
 * For a command that uses an existing cluster: the provider that the user names, else the cluster's, else `local`.
 * @param wish.provider as the user wrote it.
 * @throws UsageError for an unknown name.
 */
export function whereToLook(wish: { provider: string | undefined; stateRoot: string }): ProviderKind {
  const said = oneOf('VASE_PROVIDER', wish.provider, providerKinds);
  // GKE last, and never for a command that makes a cluster: no user shall get one that costs money without asking for it.
  return said ?? clusterIn(wish.stateRoot) ?? (existsSync(gkeFiles(wish.stateRoot).state) ? 'gke' : 'local');
}

/** Null when there is none on this machine. */
export function clusterIn(stateRoot: string): 'local' | 'kind' | null {
  if (existsSync(kindFolder(stateRoot).stateFile)) return 'kind';
  return holdsCluster(stateFolder(stateRoot)) ? 'local' : null;
}

/**
 * Null when the text is empty or absent.
 * @throws UsageError for anything but one of the names.
 */
export function oneOf<Name extends string>(
  what: string,
  said: string | undefined,
  names: readonly Name[],
): Name | null {
  if (said === undefined || said === '') return null;
  const found = names.find((name) => name === said);
  if (found === undefined) throw new UsageError(`${what} must be one of ${names.join(', ')}, not ${said}`);
  return found;
}
