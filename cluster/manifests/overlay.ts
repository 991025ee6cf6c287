/**
 * How kind and GKE differ. Everything else, except what `tls` changes, is the same on both; the unit test of
 * `overlay-differences.ts` proves this for the two renderings.
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
        /** Address ranges that may connect; left out: all. */
        ranges?: readonly string[];
      };
  /** Whether users speak TLS to sharders and give a token, both from secrets that a provider makes; default: not. */
  guarded?: boolean;
  /** A mark in the sharders' pods: a changed mark restarts them. It stands for the secrets, which they read only at start. */
  secretsMark?: string;
  /** How the view server is reached from outside: by a port of the node, or by a tunnel through Kubernetes. */
  viewEndpoint: { type: 'NodePort'; nodePort: number } | { type: 'ClusterIP' };
  requests: { etcd: Requests; sharder: Requests; viewServer: Requests; firstContainer: Requests };
  /** Which of the topology's images the members' first container runs in: it has Node, and nodes can reach it. */
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

/** The members of one shard whose number differs from the topology's, or is about to differ. */
export interface ShardMembers {
  /** All members that have a pod, by ordinal. */
  names: readonly string[];
  /** The members that the view names: neither a member that has no vote yet, nor one that leaves. */
  served: readonly string[];
}

/** The input from which all objects are built. */
export interface Blueprint {
  topology: Topology;
  overlay: Overlay;
  /** The shards whose number of members differs from the topology's, or is about to differ. */
  members?: ReadonlyMap<number, ShardMembers>;
}

/** Whether members and sharders speak mutual TLS: as the topology says, else as the overlay says. */
export function usesTls({ topology, overlay }: Blueprint): boolean {
  return topology.tls ?? overlay.tls;
}
