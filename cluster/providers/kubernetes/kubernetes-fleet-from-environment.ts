/** The fleet of a view server in a pod: its own cluster through Kubernetes' API, with the rights of its service account. */
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import { UsageError } from '../../errors.ts';
import { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { overlays, type OverlayName } from '../../manifests/overlay.ts';
import { KubernetesFleet } from './kubernetes-fleet.ts';
import { parseTopology } from '../../topology/topology.ts';

/** @throws UsageError */
export async function kubernetesFleetFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  members: EtcdCaller,
): Promise<KubernetesFleet> {
  const { VASE_OVERLAY: name, VASE_TOPOLOGY: text } = environment;
  if (name === undefined || !Object.hasOwn(overlays, name))
    throw new UsageError(`VASE_OVERLAY must be one of ${Object.keys(overlays).join(', ')}`);
  const blueprint = { topology: parseTopology(parseJson(text)), overlay: overlays[name as OverlayName] };
  return new KubernetesFleet({ client: await KubernetesClient.inCluster(), blueprint, members });
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    throw new UsageError('VASE_TOPOLOGY must be the topology as JSON', { cause: error });
  }
}
