/** Finds the URL of the running cluster's store: a local or kind cluster's state file has it, and only GKE has to be asked. */
import { kindFolder, readKindEndpoint } from '../../cluster/providers/kind/kind-folder.ts';
import { readLocalEndpoint } from '../../cluster/providers/local/state/found-files.ts';
import { stateFolder } from '../../cluster/state/state-folder.ts';
import { whereToLook } from './find-cluster.ts';
import { binaries, checkout, stateRoot } from './places.ts';

/**
 * For example "http://127.0.0.1:5000"; null when there is no cluster.
 * @throws UsageError, ClusterError
 */
export async function findStore(): Promise<string | null> {
  const place = { provider: process.env['VASE_PROVIDER'], stateRoot: stateRoot() };
  const kind = whereToLook(place);
  if (kind === 'local') return readLocalEndpoint(stateFolder(place.stateRoot));
  if (kind === 'kind') return readKindEndpoint(kindFolder(place.stateRoot));
  const { chooseProvider } = await import('./choose-provider.ts');
  const wish = { ...place, profile: undefined, checkout, binaries, makes: null };
  const { provider } = await chooseProvider(wish);
  try {
    return await provider.endpoint();
  } finally {
    await provider.close();
  }
}
