/**
 * The store that a sharder serves: routes each operation by slot and view to its shard, sends those that a fence turned
 * away to where it points, and holds those that no shard owns for the moment. Holds no data and no truth.
 */
import { decodeView, type View, VIEW_KEY } from './view.ts';
import type { SlotState } from './fence.ts';
import { createPending, type LaneKind, type Pending, settle, settleExpired } from './pending.ts';
import type { Limits } from './limits.ts';
import type { Operation, Outcome } from './operation.ts';
import type { Clock, Trace } from './ports.ts';
import { Shard, type ShardContext } from './shard.ts';
import type { ShardClient } from './shard-client.ts';
import { type HashText, slotOf } from './slot.ts';

export interface StoreOptions {
  clock: Clock;
  trace: Trace;
  limits: Limits;
  hash: HashText;
  /** The home shard's client: where the view is read. */
  home: ShardClient;
  /** A client for one shard of the view. */
  connect(shardId: number, endpoints: readonly string[]): ShardClient;
}

export class Store {
  private readonly options: StoreOptions;
  private readonly shards = new Map<number, Shard>();
  private view: View | null = null;
  /** Slot to shard id: the view's table, corrected by what fences have said since. */
  private route: number[] = [];
  private held = 0;
  private refreshing: Promise<void> | null = null;
  private closed = false;

  constructor(options: StoreOptions) {
    this.options = options;
  }

  /** The newest view that is known; null before the first. */
  get currentView(): View | null {
    return this.view;
  }

  /** The shards of the view, for status and metrics. */
  get currentShards(): ReadonlyMap<number, Shard> {
    return this.shards;
  }

  get heldOperations(): number {
    return this.held;
  }

  /** Carries out one operation; never rejects, and ends by the operation timeout. */
  execute(operation: Operation): Promise<Outcome> {
    const { hash, clock, limits } = this.options;
    return new Promise((resolve) => {
      const deadlineAtMs = clock.nowMs() + limits.operationTimeoutMs;
      this.dispatch(createPending(operation, slotOf(operation.key, hash), deadlineAtMs, resolve));
    });
  }

  /** Operations that wait in all shards' lanes of one kind. */
  queued(kind: LaneKind): number {
    let sum = 0;
    for (const shard of this.shards.values()) sum += shard.queued(kind);
    return sum;
  }

  /** Reads the view from the home shard and adopts it if it is newer. False when there is none to be had. */
  async refreshView(): Promise<boolean> {
    this.refreshing ??= this.fetchView().finally(() => (this.refreshing = null));
    await this.refreshing;
    return this.view !== null;
  }

  /** True when the view and every shard's fence are known. */
  async ready(): Promise<boolean> {
    if (!(await this.refreshView())) return false;
    const answers = await Promise.all([...this.shards.values()].map((shard) => shard.ready()));
    return answers.every(Boolean);
  }

  /** Adopts a view unless it is older than the one in use. */
  adopt(view: View): void {
    if (this.view !== null && view.epoch <= this.view.epoch) return;
    this.view = view;
    this.route = [...view.slots];
    for (const { id, endpoints } of view.shards) {
      const known = this.shards.get(id);
      if (known) known.client.setEndpoints(endpoints);
      else this.shards.set(id, new Shard(id, this.options.connect(id, endpoints), this.shardContext()));
    }
    for (const id of this.shards.keys()) if (!view.shards.some((shard) => shard.id === id)) this.drop(id);
    this.options.trace.emit({ name: 'view.adopted', epoch: view.epoch, shards: view.shards.length });
  }

  close(): void {
    this.closed = true;
    for (const id of this.shards.keys()) this.drop(id);
    this.options.home.close();
  }

  private drop(id: number): void {
    this.shards.get(id)?.close();
    this.shards.delete(id);
  }

  private shardContext(): ShardContext {
    const { clock, trace, limits } = this.options;
    return { clock, trace, limits, onMisrouted: (pending, state) => this.reroute(pending, state) };
  }

  private dispatch(pending: Pending): void {
    const shard = this.shards.get(this.route[pending.slot] ?? -1);
    if (shard) shard.submit(pending);
    else this.hold(pending);
  }

  /**
   * A fence turned the operation away: follow where it points, or wait until somebody owns the slot. Two records that are
   * both out of date may point at each other, so only a shard that is not known to turn it away, too, is tried at once.
   */
  private reroute(pending: Pending, state: SlotState | undefined): void {
    const target = state?.kind === 'moved' ? this.shards.get(state.to) : undefined;
    if (target === undefined) {
      this.hold(pending);
      return;
    }
    this.route[pending.slot] = target.id;
    const fence = target.currentFence;
    if (fence === null || fence.record.slots[pending.slot]?.kind === 'owned') this.dispatch(pending);
    else this.hold(pending);
  }

  private hold(pending: Pending): void {
    const { clock, limits } = this.options;
    if (this.closed || this.held >= limits.heldOperationsMax) {
      settle(pending, {
        kind: 'failed',
        code: 'unavailable',
        message: 'no shard takes this slot for the moment',
      });
      return;
    }
    if (clock.nowMs() + limits.heldRetryMs >= pending.deadlineAtMs) {
      settleExpired(pending, limits);
      return;
    }
    this.held++;
    void this.refreshView();
    clock.schedule(limits.heldRetryMs, () => {
      this.held--;
      this.dispatch(pending);
    });
  }

  private async fetchView(): Promise<void> {
    const { home, limits, trace } = this.options;
    const deadlineMs = limits.operationTimeoutMs;
    const outcome = await home.execute({ kind: 'range', key: VIEW_KEY }, { readOnly: true, deadlineMs });
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'range') {
      trace.emit({ name: 'view.unreachable', outcome: outcome.kind });
      return;
    }
    const bytes = outcome.reply.kvs[0]?.value;
    if (bytes) this.adopt(decodeView(bytes));
  }
}
