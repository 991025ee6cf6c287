/**
 * The original's design (2022): a new connection, a call to the API server and one call to etcd for each request, no
 * batching, Python threads under one lock, 0.3 core a sharder. All pods share the nodes that the cluster made for them.
 *
 * Invariant: of the costs, only the two of `OriginalCosts` are fitted; all else is the design or the platform.
 */
import { drawLatencyUs, type LatencyProfile, networkProfiles } from '../kernel/latency.ts';
import type { CapacityCell } from './cell.ts';
import { Keys } from './keys.ts';
import { Machine, Processor } from './processor.ts';
import type { BatchCount, CapacityWorld, StoreModel, StoreRequest } from './store-model.ts';

/** Processor time of one request, in microseconds. */
export interface OriginalCosts {
  /** In the sharder: the call to the API server, the ring, the call to etcd, Flask. */
  sharderUs: number;
  /** In all members of the shard together, the mean of a put and a get. */
  shardUs: number;
}

/** Requests and limits of the pods, in cores. The sharder's are the original's own. */
export const originalPods = {
  sharderRequestCores: 0.2,
  sharderLimitCores: 0.3,
  /**
   * The members asked for nothing; GKE's LimitRange `limits` in the namespace `default` then asks for 100m
   * (kubernetes/kubernetes#34401). Node auto-provisioning makes nodes for the cores that pods ask for.
   */
  memberRequestCores: 0.1,
};

/** An e2 node has two threads at least: one member alone cannot use more. */
const memberThreads = 2;
/** A service of a load balancer, from outside or from the sharder: a hop within the region. */
const network: LatencyProfile = networkProfiles.cross_zone;
/** The API server answers a list of services from its cache. A guess; it matters only far from saturation. */
const apiServer: LatencyProfile = { minUs: 4_000, meanExtraUs: 4_000, tailChance: 0.01, tailMeanUs: 50_000 };
const disk: LatencyProfile = { minUs: 700, meanExtraUs: 500, tailChance: 0.01, tailMeanUs: 5_000 };

/** Cores of the nodes: auto-provisioning makes room for what the pods ask for, not for what they may use. */
function originalNodes({ sharders, shards, members }: CapacityCell): number {
  const { sharderRequestCores, memberRequestCores } = originalPods;
  return sharders * sharderRequestCores + shards * members * memberRequestCores;
}

export class OriginalModel implements StoreModel {
  readonly #world: CapacityWorld;
  readonly #costs: OriginalCosts;
  readonly #keys: Keys;
  readonly #sharders: Processor[];
  readonly #shards: Processor[][];
  readonly #counts = {
    reads: { transactions: 0, operations: 0 },
    writes: { transactions: 0, operations: 0 },
  };

  constructor(world: CapacityWorld, costs: OriginalCosts, cell: CapacityCell) {
    this.#world = world;
    this.#costs = costs;
    this.#keys = new Keys(world.random.fork('placement'), cell.load, cell.shards);
    const nodes = world.machine ?? new Machine(originalNodes(cell));
    const pod = (settings: { threads: number; limitCores: number | null; weight: number }) =>
      new Processor(world.kernel, nodes, { ...settings, periodPhase: world.random.nextFraction() });
    this.#sharders = Array.from({ length: cell.sharders }, () =>
      pod({
        threads: 1,
        limitCores: originalPods.sharderLimitCores,
        weight: originalPods.sharderRequestCores,
      }),
    );
    this.#shards = Array.from({ length: cell.shards }, () =>
      Array.from({ length: cell.members }, () =>
        pod({ threads: memberThreads, limitCores: null, weight: originalPods.memberRequestCores }),
      ),
    );
  }

  /** One connection per request: the load balancer draws a sharder each time, for any user. */
  request(request: StoreRequest): void {
    const { random } = this.#world;
    const sharder = this.#sharders[random.nextBelow(this.#sharders.length)]!;
    // Half of the work is the same each time, half depends on how the threads hinder each other.
    const workUs = this.#costs.sharderUs / 2 + random.nextExponential(this.#costs.sharderUs / 2);
    sharder.submit(workUs / 2, () =>
      this.#delay(apiServer, () =>
        this.#callShard(request, () => sharder.submit(workUs / 2, () => request.done(true))),
      ),
    );
  }

  used(): { shardersUs: number; membersUs: number } {
    const sum = (processors: Processor[]) => processors.reduce((total, { usedUs }) => total + usedUs, 0);
    return { shardersUs: sum(this.#sharders), membersUs: sum(this.#shards.flat()) };
  }

  batches(): { reads: BatchCount; writes: BatchCount } {
    return structuredClone(this.#counts);
  }

  /** The member that a get reached answers it; a put is work for all members, and ends when a majority has synced it. */
  #callShard(request: StoreRequest, done: () => void): void {
    const { random } = this.#world;
    const members = this.#shards[this.#keys.shardOf(request.key)]!;
    const count = request.isWrite ? this.#counts.writes : this.#counts.reads;
    count.transactions++;
    count.operations++;
    // With as many puts as gets, one unit for a get and one for each member of a put give `shardUs` a request.
    const unitUs = (2 * this.#costs.shardUs) / (1 + members.length);
    const reached = random.nextBelow(members.length);
    const answer = () => this.#delay(network, done);
    this.#delay(network, () => {
      if (!request.isWrite) {
        members[reached]!.submit(unitUs, answer);
        return;
      }
      let synced = 0;
      const majority = Math.floor(members.length / 2) + 1;
      for (const member of members) {
        member.submit(unitUs, () =>
          this.#delay(disk, () => {
            if (++synced === majority) answer();
          }),
        );
      }
    });
  }

  #delay(profile: LatencyProfile, then: () => void): void {
    const { kernel, random } = this.#world;
    kernel.schedule(kernel.nowUs + drawLatencyUs(profile, random), then, undefined);
  }
}
