/**
 * A sharder in the simulator: the real store over the simulated EtcdRpc, behind a server that stands for HTTP. A few lines here
 * replace main.ts and Koa; everything below is the production code.
 */
import type { ExecuteOptions } from '../../../sharder/core/client.ts';
import { executeInOrder, type Executor } from '../../../sharder/core/execute-in-order.ts';
import { defaultLimits, type Limits } from '../../../sharder/core/limits.ts';
import type { Operation, Outcome } from '../../../sharder/core/operation.ts';
import { pause } from '../../../sharder/core/pause.ts';
import { Store } from '../../../sharder/core/store.ts';
import { hashText } from '../../../sharder/hash.ts';
import type { WorldProcess } from '../trace/sim-event.ts';
import { UnaryServer, type UnaryCall } from '../../network/unary.ts';
import type { World } from './world.ts';
import { WatchedShardClient } from '../properties/flight-watch.ts';
import type { Violations } from '../properties/violations.ts';

const readyRetryMs = 100;
/** A watch of the view that has gone silent is opened anew before the run ends. */
const viewWatchRenewMs = 5000;
/** What an operation may take beyond its timeout: a drifting clock, and the instant's own work. */
const deadlineSlackMs = 400;

export class SimSharder {
  readonly process: WorldProcess;
  readonly server: UnaryServer<readonly Operation[], readonly Outcome[]>;
  private readonly world: World;
  private readonly home: readonly string[];
  private readonly mirrors: readonly (readonly string[])[];
  private readonly limits: Limits;
  private readonly quotaBytes: number | null;
  private readonly violations: Violations;
  private readonly onAbandoned: (operation: Operation) => void;
  private store: Store | null = null;
  private isReady = false;
  /** Counts the events that make virtual time and this process's time differ. */
  private disturbances = 0;

  constructor(parts: {
    world: World;
    name: string;
    home: readonly string[];
    /** Endpoints of shards with copies of the view. */
    mirrors: readonly (readonly string[])[];
    limits: Partial<Limits>;
    quotaBytes: number | null;
    violations: Violations;
    /** Called with an operation that was dropped because its client had gone: it must never have been applied. */
    onAbandoned: (operation: Operation) => void;
  }) {
    this.world = parts.world;
    this.home = parts.home;
    this.mirrors = parts.mirrors;
    this.violations = parts.violations;
    this.quotaBytes = parts.quotaBytes;
    this.onAbandoned = parts.onAbandoned;
    this.limits = { ...defaultLimits, viewWatchRenewMs, roomPollMs: 0, ...parts.limits };
    this.process = parts.world.addProcess(parts.name);
    this.server = new UnaryServer(
      this.process,
      (call: UnaryCall<readonly Operation[], readonly Outcome[]>) => {
        this.process.kernel.touchPromises();
        void this.handle(call);
      },
    );
    this.process.onCrash.push(() => this.stop());
    this.process.onRestart.push(() => this.start());
    this.process.onPause.push(() => this.disturbances++);
    this.process.onResume.push(() => this.disturbances++);
  }

  start(): void {
    const { world, process, limits } = this;
    const rpc = world.etcdRpc(process);
    const connect = (shard: number, endpoints: readonly string[]) =>
      new WatchedShardClient(
        {
          shard,
          endpoints,
          rpc,
          clock: process.clock,
          random: process.random,
          trace: process.trace,
          limits,
        },
        this.violations,
        process.name,
      );
    const { clock, trace } = process;
    const clients = this.mirrors.map((endpoints) => connect(0, endpoints));
    const store = new Store({
      clock,
      trace,
      limits,
      hash: hashText,
      quotaBytes: this.quotaBytes,
      home: connect(0, this.home),
      mirrors: { clients, home: this.home },
      connect,
    });
    this.store = store;
    void this.getReady(store);
  }

  /** The epoch of the view that it uses. */
  get viewEpoch(): number {
    return this.store?.currentView?.epoch ?? 0;
  }

  /** Ids of the shards whose puts it refuses for lack of room. */
  get fullShards(): number[] {
    return [...(this.store?.currentShards ?? [])].filter(([, { isFull }]) => isFull).map(([id]) => id);
  }

  /** Null when no operation waits or is under way here. */
  findBusy(): string | null {
    const { store } = this;
    if (store === null || !this.isReady) return 'it is not ready';
    if (store.heldOperations > 0) return `${store.heldOperations} operations are held`;
    for (const [id, shard] of store.currentShards) {
      for (const lane of ['read', 'write'] as const) {
        const { queued, bytes, inFlight } = shard.load(lane);
        if (queued + bytes + inFlight > 0)
          return `the ${lane} lane of shard ${id} has ${queued} waiting, ${bytes} bytes and ${inFlight} under way`;
      }
    }
    return null;
  }

  private stop(): void {
    this.store?.close();
    this.store = null;
    this.isReady = false;
    this.disturbances++;
  }

  private async getReady(store: Store): Promise<void> {
    while (this.store === store && !(await store.ready())) await pause(this.process.clock, readyRetryMs);
    if (this.store !== store) return;
    store.watchView();
    this.isReady = true;
  }

  private async handle(call: UnaryCall<readonly Operation[], readonly Outcome[]>): Promise<void> {
    const { store } = this;
    if (store === null || !this.isReady) {
      const outcome: Outcome = { kind: 'failed', code: 'unavailable', message: 'not ready' };
      call.answer(call.request.map(() => outcome));
      return;
    }
    const timed: Executor = { execute: (operation, options) => this.timed(store, operation, options) };
    const options = { client: call, deadlineAtMs: store.deadlineAtMs() };
    const outcomes = executeInOrder(timed, call.request, (outcome) => outcome, options);
    call.answer(await outcomes);
  }

  private async timed(store: Store, operation: Operation, options?: ExecuteOptions): Promise<Outcome> {
    const startedAtMs = this.world.nowMs;
    const { disturbances } = this;
    const unlessSettled = this.process.kernel.schedule(
      (startedAtMs + this.limits.operationTimeoutMs + deadlineSlackMs) * 1000,
      () => {
        if (disturbances !== this.disturbances) return;
        this.violations.add(
          'deadline',
          `${this.process.name}: a ${operation.kind} has not ended after its deadline`,
        );
      },
      null,
    );
    const ended = store.execute(operation, options);
    this.checkQueues();
    const outcome = await ended;
    unlessSettled.cancel();
    if (outcome.kind === 'failed' && outcome.code === 'abandoned') this.onAbandoned(operation);
    return outcome;
  }

  /** A lane may hold its maximum, and a batch that came back to it. */
  private checkQueues(): void {
    const { store, limits, violations, process } = this;
    if (store === null) return;
    if (store.heldOperations > limits.heldOperationsMax)
      violations.add('bounds', `${process.name}: ${store.heldOperations} operations are held`);
    for (const [id, shard] of store.currentShards) {
      for (const lane of ['read', 'write'] as const) {
        const { queued, bytes } = shard.load(lane);
        if (queued > limits.laneOperationsMax + limits.batchOperationsMax)
          violations.add('bounds', `${process.name}: ${queued} operations wait in a lane of shard ${id}`);
        // A single operation may have any size.
        if (queued > 1 && bytes > limits.laneBytesMax + limits.batchBytesMax)
          violations.add('bounds', `${process.name}: ${bytes} bytes wait in a lane of shard ${id}`);
      }
    }
  }
}
