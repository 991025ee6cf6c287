/** The store of a sharder over two simulated shards, in virtual time, whose records a test changes by hand. */
import type { ExecuteOptions } from '../../sharder/core/client.ts';
import {
  encodeFence,
  fenceKey,
  initialFence,
  type FenceRecord,
  type SlotState,
} from '../../sharder/core/fence.ts';
import { createFenceRequest } from '../../sharder/core/first-fence.ts';
import { defaultLimits, type Limits } from '../../sharder/core/limits.ts';
import { always, type Operation, type Outcome } from '../../sharder/core/operation.ts';
import { slotOf } from '../../sharder/core/slot.ts';
import { Store } from '../../sharder/core/store.ts';
import { encodeView, initialView, type View, VIEW_KEY } from '../../sharder/core/view.ts';
import { EtcdShardClient } from '../../sharder/etcd/client/shard-client.ts';
import { hashText } from '../../sharder/hash.ts';
import type { SimCluster } from '../../sim/etcd/cluster.ts';
import { World } from '../../sim/run/world/world.ts';

/** After this time the shards have elected leaders and have their records. */
const readyMs = 3000;

export class SimulatedStore {
  readonly world = new World({
    seed: 1,
    observer: ({ event }) => this.told.push(event.name),
  });
  /** Names of the trace events until now. */
  readonly told: string[] = [];
  readonly clusters: readonly SimCluster[];
  readonly store: Store;
  view: View;
  private readonly clients: readonly EtcdShardClient[];
  private readonly fences = new Map<number, FenceRecord>();

  constructor(limits: Partial<Limits> = {}) {
    const { world } = this;
    this.clusters = [1, 2].map((id) => world.addCluster({ name: `etcd-${id}`, members: 1 }));
    const shards = this.clusters.map(({ endpoints }, index) => ({ id: index + 1, endpoints }));
    this.view = initialView(shards);
    const sharder = world.addProcess('sharder-1');
    const { clock, random, trace } = sharder;
    const rpc = world.etcdRpc(sharder);
    const connect = (shard: number, endpoints: readonly string[]) =>
      new EtcdShardClient({ shard, endpoints, rpc, clock, random, trace, limits: all });
    const all = { ...defaultLimits, ...limits };
    this.store = new Store({
      clock,
      trace,
      limits: all,
      hash: hashText,
      home: connect(0, this.clusters[0]!.endpoints),
      connect,
    });
    this.clients = shards.map(({ id, endpoints }) => connect(id, endpoints));
  }

  /** The shards have their first records, and the store the first view. */
  async start(): Promise<void> {
    await this.passMs(readyMs - 500);
    for (const id of [1, 2])
      await this.during(
        this.clients[id - 1]!.execute(createFenceRequest(initialFence(this.view, id)), {
          readOnly: false,
          deadlineMs: 1000,
        }),
      );
    await this.putView(this.view);
    await this.during(this.store.ready());
  }

  /** A key whose slot the first view gives to the shard. */
  keyOf(shard: number): string {
    for (let index = 0; ; index++) {
      const key = `key-${index}`;
      if (this.view.slots[slotOf(key, hashText)] === shard) return key;
    }
  }

  get(key: string): Promise<Outcome> {
    return this.execute({ kind: 'get', key });
  }

  put(key: string, text = 'value', options: ExecuteOptions = {}): Promise<Outcome> {
    const value = Buffer.from(text);
    return this.execute({ kind: 'put', key, value, condition: always, wantPrevious: false }, options);
  }

  /** Begins the operation now; `during` waits for its answer. */
  execute(operation: Operation, options: ExecuteOptions = {}): Promise<Outcome> {
    return this.store.execute(operation, options);
  }

  /** Lets virtual time pass until the promise is settled. */
  async during<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    void promise.finally(() => (isSettled = true)).catch(() => undefined);
    for (let rounds = 0; !isSettled && rounds < 2000; rounds++) await this.passMs(10);
    if (!isSettled) throw new Error('not settled within 20 s of virtual time');
    return promise;
  }

  get nowMs(): number {
    return this.world.kernel.nowUs / 1000;
  }

  async passMs(ms: number): Promise<void> {
    await this.world.run({ untilMs: this.nowMs + ms });
  }

  async putView(view: View): Promise<void> {
    this.view = view;
    await this.putBytes(1, VIEW_KEY, encodeView(view));
  }

  /** Changes the state of the key's slot in a shard's record, by hand. */
  async setSlot(shard: number, key: string, state: SlotState): Promise<void> {
    const record = { ...this.fenceOf(shard), epoch: this.fenceOf(shard).epoch + 1 };
    const slots = [...record.slots];
    slots[slotOf(key, hashText)] = state;
    this.fences.set(shard, { ...record, slots });
    await this.putBytes(shard, fenceKey({}), encodeFence({ ...record, slots }));
  }

  async putBytes(shard: number, key: string, value: Uint8Array): Promise<void> {
    const request = { kind: 'put', key, value } as const;
    await this.during(this.clients[shard - 1]!.execute(request, { readOnly: false, deadlineMs: 1000 }));
  }

  private fenceOf(shard: number): FenceRecord {
    return this.fences.get(shard) ?? initialFence(this.view, shard);
  }
}
