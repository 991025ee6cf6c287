/**
 * Chooses where a command finds or makes its cluster. The user's choice wins (--provider, VASE_PROVIDER); then the cluster in
 * the state folder; a new one is made in kind when that can be expected to work, else of local processes.
 */
import { ClusterError } from '../../cluster/errors.ts';
import type { KindProfile } from '../../cluster/providers/kind/kind-state.ts';
import { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import type { Provider, ProviderKind } from '../../cluster/providers/provider.ts';
import type { Topology } from '../../cluster/topology/topology.ts';
import { clusterIn, oneOf, providerKinds, whereToLook } from './find-cluster.ts';

const profiles = ['small', 'zones'] as const;

export interface ProviderWish {
  /** As the user wrote it; undefined or empty: no wish. */
  provider: string | undefined;
  profile: string | undefined;
  checkout: string;
  binaries: string;
  stateRoot: string;
  /** The topology of a command that makes a cluster; null for a command that only uses an existing one. */
  makes: Pick<Topology, 'images'> | null;
}

export interface Choice {
  provider: Provider;
  /** A sentence for the user when the user did not ask for this provider. */
  why: string | null;
}

/** @throws UsageError for an unknown name; ClusterError when the folder holds a cluster of another kind. */
export async function chooseProvider(wish: ProviderWish): Promise<Choice> {
  const said = oneOf('VASE_PROVIDER', wish.provider, providerKinds);
  const profile = oneOf('VASE_KIND_PROFILE', wish.profile, profiles);
  const there = clusterIn(wish.stateRoot);
  if (wish.makes !== null && said !== null && there !== null && said !== there)
    throw new ClusterError(`there is a cluster of provider ${there} in ${wish.stateRoot}`, {
      nextStep: `Delete it with its data (\`make clean PROVIDER=${there}\`), or name another folder with VASE_STATE.`,
    });
  const settled = said ?? there;
  if (settled !== null) return { provider: await create(settled, wish, profile), why: null };
  if (wish.makes === null) {
    return { provider: await create(whereToLook(wish), wish, profile), why: null };
  }
  const { whyNotKind } = await import('../../cluster/providers/kind/why-not-kind.ts');
  const reason = await whyNotKind(wish.makes);
  if (reason === null) {
    const why = 'Docker and kind answer: the cluster is made in kind (PROVIDER=local makes it of processes).';
    return { provider: await create('kind', wish, profile), why };
  }
  const why = `The cluster is made of local processes; not in kind, because ${reason}.`;
  return { provider: await create('local', wish, profile), why };
}

async function create(
  kind: ProviderKind,
  wish: ProviderWish,
  profile: KindProfile | null,
): Promise<Provider> {
  const { checkout, binaries, stateRoot } = wish;
  if (kind === 'local') {
    const nodePath = process.execPath;
    return new LocalProvider({ checkout, stateRoot, binaries, environment: process.env, nodePath });
  }
  if (kind === 'gke') {
    const { GkeProvider } = await import('../../cluster/providers/gke/gke-provider.ts');
    return new GkeProvider({ checkout, stateRoot, confirm: process.env['CONFIRM'] ?? '' });
  }
  // Loaded only here: half of the commands have to answer within a tenth of a second.
  const { KindProvider } = await import('../../cluster/providers/kind/kind-provider.ts');
  return new KindProvider({ checkout, stateRoot, profile });
}
