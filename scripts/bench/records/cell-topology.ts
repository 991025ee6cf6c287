/** The topology of one cell of a plan. */
import type { TopologyInput } from '../../../cluster/topology/topology.ts';
import type { BenchPlan, CellPlan, Limits } from './run-data.ts';

/** The limits of the cell: its own where it has any, else the plan's. */
export function limitsOf(plan: Pick<BenchPlan, 'limits'>, cell: Pick<CellPlan, 'limits'>): Limits {
  return { ...plan.limits, ...cell.limits };
}

/** There is no view server, since its work would be measured, too; no slot moves during a cell. */
export function cellTopology(plan: Pick<BenchPlan, 'limits'>, cell: CellPlan): TopologyInput {
  const { sharderCpu, etcdCpu, ssd } = limitsOf(plan, cell);
  return {
    name: clusterName,
    sharders: cell.sharders,
    shards: cell.shards,
    members: cell.members,
    viewServers: 0,
    ports: { http: 0 },
    ssd,
    resources: { sharder: { cpu: sharderCpu }, etcd: { cpu: etcdCpu } },
    // Only the plan changes the number of sharders.
    autoscaling: { shardersMax: cell.sharders },
  };
}

/** Different from the name of the user's own cluster, in kind too. */
export const clusterName = 'vase-bench';
