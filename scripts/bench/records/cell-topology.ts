/** The topology of one cell of a plan. */
import type { TopologyInput } from '../../../cluster/topology/topology.ts';
import type { BenchPlan, CellPlan, Limits } from './run-data.ts';

/** The limits that hold for the cell: the plan's, but for those that the cell has of its own. */
export function limitsOf(plan: Pick<BenchPlan, 'limits'>, cell: Pick<CellPlan, 'limits'>): Limits {
  return { ...plan.limits, ...cell.limits };
}

/** Without a view server, whose work would be measured with the rest; no slot moves during a cell. */
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
    // Nothing but the plan changes the number of sharders.
    autoscaling: { shardersMax: cell.sharders },
  };
}

/** Apart from the user's own cluster, in kind too. */
export const clusterName = 'vase-bench';
