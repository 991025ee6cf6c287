/**
 * What kind and GKE differ in. Everything that is not here, or reached through `tls`, is the same on both; the unit
 * test of `overlay-differences.ts` holds the two renderings to that.
 */
import type { Topology } from '../topology/topology.ts';

export type OverlayName = 'kind' | 'gke';

/** Processor time and memory that the scheduler sets aside for one container. */
export interface Requests {
  cpu: string;
  memory: string;
}

export interface Overlay {
  name: OverlayName;
  storage: { provisioner: string; parameters?: Record<string, string> };
  /** How users reach `sharder-endpoint` from outside the cluster. */
  endpoint:
    | { type: 'NodePort'; nodePort: number }
    | {
        type: 'LoadBalancer';
        annotations: Record<string, string>;
        /** Address ranges that may connect; all where left out. */
        ranges?: readonly string[];
      };
  /** Whether users speak TLS to sharders and give a token, both from secrets that a provider makes; default: not. */
  guarded?: boolean;
  /** Goes to the sharders' pods: another one restarts them. For what they read only when they start, secrets. */
  secretsMark?: string;
  /** How the view server is reached from outside: by a port of the node, or by a tunnel through Kubernetes. */
  viewEndpoint: { type: 'NodePort'; nodePort: number } | { type: 'ClusterIP' };
  requests: { etcd: Requests; sharder: Requests; viewServer: Requests; firstContainer: Requests };
  /** Which image of the topology the members' first container runs in: one that has Node, and that nodes can reach. */
  guardImage: 'base' | 'vase';
  /** Whether mutual TLS is on where the topology does not say. */
  tls: boolean;
  /**
   * Whether volumes are folders of the node: Kubernetes does not apply fsGroup to those, so a short first container
   * opens them for etcd, which does not run as root.
   */
  volumesAreNodeFolders: boolean;
  /** Pod security standard that the namespace enforces; `restricted` forbids that first container. */
  podSecurity: 'baseline' | 'restricted';
}

/** The ports of every kind node that lead to sharders and view server; the kind provider maps them to the user's. */
export const kindNodePorts = { http: 30_500, view: 30_501 } as const;

const kind: Overlay = {
  name: 'kind',
  storage: { provisioner: 'rancher.io/local-path' },
  endpoint: { type: 'NodePort', nodePort: kindNodePorts.http },
  viewEndpoint: { type: 'NodePort', nodePort: kindNodePorts.view },
  // Small enough for 3 shards of 3 members, 4 sharders and Kubernetes itself on two cores.
  requests: {
    etcd: { cpu: '50m', memory: '64Mi' },
    sharder: { cpu: '100m', memory: '96Mi' },
    viewServer: { cpu: '50m', memory: '96Mi' },
    firstContainer: { cpu: '10m', memory: '32Mi' },
  },
  guardImage: 'base',
  tls: false,
  volumesAreNodeFolders: true,
  podSecurity: 'baseline',
};

const gke: Overlay = {
  name: 'gke',
  storage: { provisioner: 'pd.csi.storage.gke.io', parameters: { type: 'pd-ssd' } },
  endpoint: {
    type: 'LoadBalancer',
    annotations: { 'networking.gke.io/load-balancer-type': 'Internal' },
  },
  viewEndpoint: { type: 'ClusterIP' },
  requests: {
    etcd: { cpu: '1', memory: '2Gi' },
    sharder: { cpu: '500m', memory: '256Mi' },
    viewServer: { cpu: '250m', memory: '256Mi' },
    firstContainer: { cpu: '10m', memory: '32Mi' },
  },
  guardImage: 'vase',
  tls: true,
  volumesAreNodeFolders: false,
  podSecurity: 'restricted',
};

export const overlays: Readonly<Record<OverlayName, Overlay>> = { kind, gke };

/** Of one shard, where its number is not the topology's, or is about to be another. */
export interface ShardMembers {
  /** All that have a pod, by ordinal. */
  names: readonly string[];
  /** Those that the view names: not one that has no vote yet, nor one that leaves. */
  served: readonly string[];
}

/** Everything that the objects are a function of. */
export interface Blueprint {
  topology: Topology;
  overlay: Overlay;
  /** Of shards that have another number of members than the topology, or are about to. */
  members?: ReadonlyMap<number, ShardMembers>;
}

/** Whether members and sharders speak mutual TLS: the topology's word, else the overlay's. */
export function usesTls({ topology, overlay }: Blueprint): boolean {
  return topology.tls ?? overlay.tls;
}
