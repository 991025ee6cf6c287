/**
 * Vase's design: a request is parsed, waits in the lane of its shard, goes to the shard's leader in a transaction with all
 * others that have gathered, and is answered when the transaction is. A sharder is one thread: parsing, filling transactions and
 * answering are jobs of one queue, so a request that has arrived meanwhile is in the lane when its turn comes.
 */
import { drawLatencyUs } from '../kernel/latency.ts';
import type { CapacityCell } from './cell.ts';
import { Processor } from './processor.ts';
import type { Profile } from './profile.ts';
import { Keys } from './keys.ts';
import type { BatchCount, CapacityWorld, StoreModel, StoreRequest } from './store-model.ts';
import { LaneModel } from './lane-model.ts';
import { ShardModel } from './shard-model.ts';

/** Share of a request's processor time before it waits in its lane: headers, body, routing. The rest is its answer. */
const arrivalShare = 0.6;

interface SharderModel {
  processor: Processor;
  /** By shard and kind; made when first used, because a big cell has more lanes than users. */
  lanes: Map<number, LaneModel>;
}

export class VaseModel implements StoreModel {
  readonly #world: CapacityWorld;
  readonly #profile: Profile;
  readonly #keys: Keys;
  readonly #sharders: SharderModel[];
  readonly #shards: ShardModel[];

  constructor(world: CapacityWorld, profile: Profile, cell: CapacityCell) {
    this.#world = world;
    this.#profile = profile;
    this.#keys = new Keys(world.random.fork('placement'), cell.load, cell.shards);
    this.#sharders = Array.from({ length: cell.sharders }, () => ({
      processor: new Processor(world.kernel, world.machine, {
        threads: 1,
        limitCores: profile.sharder.limitCores,
        weight: 1,
        periodPhase: world.random.nextFraction(),
      }),
      lanes: new Map(),
    }));
    this.#shards = Array.from({ length: cell.shards }, () => new ShardModel(world, profile, cell));
  }

  request(request: StoreRequest): void {
    const sharder = this.#sharders[request.sharder]!;
    sharder.processor.submit(this.#profile.sharder.requestUs * arrivalShare, () => {
      const shard = this.#keys.shardOf(request.key);
      const lane = laneOf(sharder, shard, request.isWrite);
      if (!lane.offer(request)) request.done(false);
      else this.#wake(sharder, shard, lane);
    });
  }

  used(): { shardersUs: number; membersUs: number } {
    return {
      shardersUs: this.#sharders.reduce((sum, { processor }) => sum + processor.usedUs, 0),
      membersUs: this.#shards.reduce((sum, { usedUs }) => sum + usedUs, 0),
    };
  }

  batches(): { reads: BatchCount; writes: BatchCount } {
    const reads = { transactions: 0, operations: 0 };
    const writes = { transactions: 0, operations: 0 };
    for (const { lanes } of this.#sharders) {
      for (const lane of lanes.values()) {
        const count = lane.isWrite ? writes : reads;
        count.transactions += lane.transactions;
        count.operations += lane.operations;
      }
    }
    return { reads, writes };
  }

  #wake(sharder: SharderModel, shard: number, lane: LaneModel): void {
    if (lane.isBusy || lane.isEmpty) return;
    lane.isBusy = true;
    sharder.processor.submit(this.#profile.sharder.transactionUs / 2, () => this.#send(sharder, shard, lane));
  }

  #send(sharder: SharderModel, shard: number, lane: LaneModel): void {
    const { requestUs, transactionUs } = this.#profile.sharder;
    const batch = lane.take();
    const answer = () => {
      for (const request of batch) request.done(true);
      lane.isBusy = false;
      this.#wake(sharder, shard, lane);
    };
    const answerUs = transactionUs / 2 + requestUs * (1 - arrivalShare) * batch.length;
    this.#cross(() =>
      this.#shards[shard]!.execute({
        isWrite: lane.isWrite,
        operations: batch.length,
        done: () => this.#cross(() => sharder.processor.submit(answerUs, answer)),
      }),
    );
  }

  #cross(arrived: () => void): void {
    const { kernel, random } = this.#world;
    kernel.schedule(kernel.nowUs + drawLatencyUs(this.#profile.network.store, random), arrived, undefined);
  }
}

function laneOf(sharder: SharderModel, shard: number, isWrite: boolean): LaneModel {
  const number = shard * 2 + (isWrite ? 1 : 0);
  let lane = sharder.lanes.get(number);
  if (lane === undefined) sharder.lanes.set(number, (lane = new LaneModel(isWrite)));
  return lane;
}
