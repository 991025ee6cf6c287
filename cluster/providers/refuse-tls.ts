/** Clusters on this machine have no certificates: a topology that asks for TLS must not be answered with plain text. */
import { TopologyError, type Topology } from '../topology/topology.ts';
import type { ProviderKind } from './provider.ts';

/** @throws TopologyError */
export function refuseTls({ tls }: Pick<Topology, 'tls'>, provider: ProviderKind): void {
  if (tls !== true) return;
  throw new TopologyError(
    `topology: tls: must be null or false with provider ${provider}: only deploying to GKE makes the certificates`,
  );
}
