/** Requests and limits of a container: the overlay's requests, never above the topology's limits. */
import type { ResourceRequirements } from 'kubernetes-types/core/v1.d.ts';
import { byteCount, milliCores } from '../topology/quantity.ts';
import type { Topology } from '../topology/topology.ts';
import type { Requests } from './overlay.ts';

type Limits = Topology['resources']['etcd'];

export function containerResources(requests: Requests, limits: Limits): ResourceRequirements {
  const given = {
    ...(limits.cpu === null ? {} : { cpu: limits.cpu }),
    ...(limits.memory === null ? {} : { memory: limits.memory }),
  };
  return {
    requests: {
      cpu: smaller(requests.cpu, limits.cpu, milliCores),
      memory: smaller(requests.memory, limits.memory, byteCount),
    },
    ...(Object.keys(given).length === 0 ? {} : { limits: given }),
  };
}

function smaller(request: string, limit: string | null, amount: (quantity: string) => number): string {
  return limit !== null && amount(limit) < amount(request) ? limit : request;
}
