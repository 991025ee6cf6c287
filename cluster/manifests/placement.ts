/** Which nodes pods go to: members of a shard apart from each other, sharders over nodes and zones. */
import type { PodSpec, TopologySpreadConstraint } from 'kubernetes-types/core/v1.d.ts';
import type { Labels } from './names.ts';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

type Placement = Pick<PodSpec, 'affinity' | 'topologySpreadConstraints'>;

/**
 * One rule: nodes differ by at most one member of a shard, so that from three nodes up the loss of one node leaves a quorum
 * of three members or more. (With a difference of two, a node may have three of five.) On a single node, such as a small
 * kind's, the rule allows everything. Two wishes: no two members of a shard on a node or in a zone; few members of all
 * shards on a node.
 */
export function memberPlacement(shard: Labels, allShards: Labels): Placement {
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          apart({ weight: 100, labels: shard, over: hostname }),
          apart({ weight: 50, labels: shard, over: zone }),
          apart({ weight: 10, labels: allShards, over: hostname }),
        ],
      },
    },
    topologySpreadConstraints: [
      spread({ labels: shard, over: hostname, skew: 1, otherwise: 'DoNotSchedule' }),
      // A wish, because a rule would place no member at all on a node without a zone label, such as kind's.
      spread({ labels: shard, over: zone, skew: 1, otherwise: 'ScheduleAnyway' }),
    ],
  };
}

export function sharderPlacement(labels: Labels): Placement {
  return {
    topologySpreadConstraints: [
      spread({ labels, over: hostname, skew: 1, otherwise: 'ScheduleAnyway' }),
      spread({ labels, over: zone, skew: 1, otherwise: 'ScheduleAnyway' }),
    ],
  };
}

function apart(wish: { weight: number; labels: Labels; over: string }) {
  return {
    weight: wish.weight,
    podAffinityTerm: { labelSelector: { matchLabels: wish.labels }, topologyKey: wish.over },
  };
}

function spread(rule: {
  labels: Labels;
  over: string;
  skew: number;
  otherwise: 'DoNotSchedule' | 'ScheduleAnyway';
}): TopologySpreadConstraint {
  return {
    maxSkew: rule.skew,
    topologyKey: rule.over,
    whenUnsatisfiable: rule.otherwise,
    labelSelector: { matchLabels: rule.labels },
  };
}
