/** Which provider has the cluster of a state folder, seen by its files alone: no provider is loaded for it. */
import { existsSync } from 'node:fs';
import { UsageError } from '../../cluster/errors.ts';
import { gkeFiles } from '../../cluster/providers/gke/gke-files.ts';
import { kindFolder } from '../../cluster/providers/kind/kind-folder.ts';
import { holdsCluster } from '../../cluster/providers/local/state/found-files.ts';
import type { ProviderKind } from '../../cluster/providers/provider.ts';
import { stateFolder } from '../../cluster/state/state-folder.ts';

export const providerKinds = ['local', 'kind', 'gke'] as const satisfies readonly ProviderKind[];

/**
 * For a command that uses the cluster that is there; without one, where it would be.
 * @param wish.provider as the user wrote it.
 * @throws UsageError for a name that is none.
 */
export function whereToLook(wish: { provider: string | undefined; stateRoot: string }): ProviderKind {
  const said = oneOf('VASE_PROVIDER', wish.provider, providerKinds);
  // GKE last, and never for a command that makes a cluster: nobody shall get one that costs money without having said so.
  return said ?? clusterIn(wish.stateRoot) ?? (existsSync(gkeFiles(wish.stateRoot).state) ? 'gke' : 'local');
}

/** Null where there is none on this machine. */
export function clusterIn(stateRoot: string): 'local' | 'kind' | null {
  if (existsSync(kindFolder(stateRoot).stateFile)) return 'kind';
  return holdsCluster(stateFolder(stateRoot)) ? 'local' : null;
}

/**
 * Null where nothing is said.
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
