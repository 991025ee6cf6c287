/**
 * Predicts the original's cells from its two per-request costs, and fits these on two of its cells: the sharder's cost on
 * one where the sharder's limit binds, the shard's on one where the nodes bind, by turns until both cells fit.
 */
import { networkProfiles } from '../kernel/latency.ts';
import type { CapacityCell, CellLoad, Horizon, Prediction } from './cell.ts';
import { runCell } from './predict-cell.ts';
import { type OriginalCosts, OriginalModel, originalPods } from './original-model.ts';

export interface OriginalCell {
  test: string;
  sharders: number;
  shards: number;
  users: number;
  requestsPerSecond: number;
  meanMs: number;
}

/** StatefulSets of three replicas, whatever the argument said. */
const members = 3;

/** The original's five minutes, or as many requests as make the mean good to about 1 %. */
const window = { durationMs: 300_000, requestsMax: 6_000, seed: 1 };

export function predictOriginal(
  costs: OriginalCosts,
  cell: Pick<OriginalCell, 'sharders' | 'shards' | 'users'>,
  horizon: Partial<Horizon> = {},
): Promise<Prediction> {
  const modelled: CapacityCell = {
    sharders: cell.sharders,
    shards: cell.shards,
    members,
    load: originalLoad(cell.users),
  };
  return runCell(
    {
      cell: modelled,
      machineCores: null,
      network: networkProfiles.cross_zone,
      generator: null,
      store: (world) => new OriginalModel(world, costs, modelled),
    },
    { ...window, rampMs: turnMs(costs, cell), warmupMs: 1_000 + 2 * turnMs(costs, cell), ...horizon },
  );
}

/** The least time that a user waits when the sharders' limit binds. */
function turnMs(costs: OriginalCosts, { users, sharders }: Pick<OriginalCell, 'sharders' | 'users'>): number {
  return (users * costs.sharderUs) / 1000 / (sharders * originalPods.sharderLimitCores);
}

/** A put and a get, in turn, of one of 101 keys. */
function originalLoad(users: number): CellLoad {
  return {
    pattern: 'put-then-get',
    writeShare: 0.5,
    keys: 101,
    valueBytes: 16,
    distribution: 'uniform',
    arrivals: { kind: 'closed', users },
  };
}

const roundsMax = 12;
const tolerance = 0.015;

/**
 * The costs with which the model gives both cells' requests/s within 1.5 %.
 * @throws Error when they are not found in 12 rounds: the cells cannot separate the two costs.
 */
export async function fitOriginalCosts(
  limitedBySharder: OriginalCell,
  limitedByNodes: OriginalCell,
): Promise<OriginalCosts> {
  let costs: OriginalCosts = {
    sharderUs: (300_000 * limitedBySharder.sharders) / limitedBySharder.requestsPerSecond,
    shardUs: 1_000,
  };
  for (let round = 0; round < roundsMax; round++) {
    const first = await ratioOf(costs, limitedBySharder);
    const second = await ratioOf(costs, limitedByNodes);
    if (Math.abs(first - 1) < tolerance && Math.abs(second - 1) < tolerance) return costs;
    const sharderUs = costs.sharderUs * first;
    // The total cost of a request scales with the excess throughput; the other cell determines the sharder's part of it.
    const totalUs = (costs.sharderUs + costs.shardUs) * second;
    costs = { sharderUs, shardUs: Math.max(1, totalUs - sharderUs) };
  }
  throw new Error(`the costs of ${limitedBySharder.test} and ${limitedByNodes.test} are not told apart`);
}

/** Predicted over measured requests/s. */
async function ratioOf(costs: OriginalCosts, cell: OriginalCell): Promise<number> {
  const { requestsPerSecond } = await predictOriginal(costs, cell);
  return requestsPerSecond / cell.requestsPerSecond;
}
