/**
 * The store that a sharder serves: routes each operation by slot and view to its shard, sends an operation that a fence
 * rejected to where the fence points, and holds operations whose slot no shard owns for the moment. Holds no data and no
 * truth.
 */
import type { CoreEvent } from './core-event.ts';
import { decodeView, homeShardOf, isOfSameCluster, type View, VIEW_KEY } from './view.ts';
import { ViewMirrors, type ViewMirrorsOptions } from './view-mirrors.ts';
import type { ExecuteOptions } from './client.ts';
import type { KeyValue } from './etcd-messages.ts';
import type { SlotState } from './fence.ts';
import { HoldingPen } from './holding-pen.ts';
import { createPending, type LaneKind, type Pending } from './pending.ts';
import type { Limits } from './limits.ts';
import type { Operation, Outcome } from './operation.ts';
import type { Clock, Trace } from './ports.ts';
import { pause } from './pause.ts';
import { readRecord, RecordError } from './record-fields.ts';
import { Shard, type ShardContext } from './shard.ts';
import type { ShardClient } from './shard-client.ts';
import { type HashText, SLOT_COUNT, slotOf } from './slot.ts';
import { ViewWatch } from './view-watch.ts';
import type { ShardId, Slot } from './numbers.ts';

export interface StoreOptions {
  clock: Clock;
  trace: Trace<CoreEvent>;
  limits: Limits;
  hash: HashText;
  /** The home shard's client: where the view is read. */
  home: ShardClient;
  /** Where copies of the view are; absent: there are none. */
  mirrors?: ViewMirrorsOptions;
  /** etcd's quota where the members do not say it; absent or null: not known. */
  quotaBytes?: number | null;
  /** A client for one shard of the view. */
  connect(shardId: ShardId, endpoints: readonly string[]): ShardClient;
}

export class Store {
  private readonly options: StoreOptions;
  private readonly shards = new Map<number, Shard>();
  private view: View | null = null;
  /** Mod revision of the newest view that was read, whether or not it could be decoded. */
  private viewModRevision = 0;
  /** How often each slot was asked for. */
  private readonly asked = new Float64Array(SLOT_COUNT);
  /** Slot to shard id: the view's table, corrected by what fences have said since. */
  private route: number[] = [];
  private readonly held: HoldingPen;
  private readonly viewWatch: ViewWatch;
  private readonly mirrors: ViewMirrors;
  private refreshing: Promise<void> | null = null;
  private refreshedAtMs = -Infinity;
  private closed = false;

  constructor(options: StoreOptions) {
    this.options = options;
    const { clock, limits, home, trace, mirrors = { clients: [], home: [] } } = options;
    this.mirrors = new ViewMirrors(mirrors, { limits, trace });
    this.held = new HoldingPen({
      clock,
      limits,
      seekOwner: (slot, found) => this.seekOwner(slot, found),
      release: (pending) => this.dispatch(pending),
    });
    this.viewWatch = new ViewWatch({
      clock,
      trace,
      limits,
      home,
      onOpen: () => void this.refreshView(),
      onValue: (kv) => this.adoptValue(kv),
    });
  }

  /** The newest view that is known; null before the first. */
  get currentView(): View | null {
    return this.view;
  }

  /** The shards of the view, for status and metrics. */
  get currentShards(): ReadonlyMap<number, Shard> {
    return this.shards;
  }

  /** Operations by slot since the start, whatever became of them. */
  get operationsBySlot(): Float64Array {
    return this.asked;
  }

  get heldOperations(): number {
    return this.held.size;
  }

  /** The deadline of a request that begins now. */
  deadlineAtMs(): number {
    const { clock, limits } = this.options;
    return clock.nowMs() + limits.operationTimeoutMs;
  }

  /** The shard that a key is routed to now; undefined while no view is known. */
  shardIdOf(key: string): number | undefined {
    return this.route[slotOf(key, this.options.hash)];
  }

  /** Carries out one operation; never rejects, and ends by its deadline. */
  execute(operation: Operation, options: ExecuteOptions = {}): Promise<Outcome> {
    const { hash } = this.options;
    const { client = null, deadlineAtMs = this.deadlineAtMs() } = options;
    const slot = slotOf(operation.key, hash);
    this.asked[slot] = (this.asked[slot] ?? 0) + 1;
    return new Promise((resolve) => {
      this.dispatch(createPending(operation, slot, deadlineAtMs, resolve, client));
    });
  }

  /** Operations that wait in all shards' lanes of one kind. */
  queued(kind: LaneKind): number {
    let sum = 0;
    for (const shard of this.shards.values()) sum += shard.load(kind).queued;
    return sum;
  }

  /** Reads the view from the home shard and adopts it if it is newer. False when no view is known after that. */
  async refreshView(): Promise<boolean> {
    this.refreshing ??= this.fetchView().finally(() => (this.refreshing = null));
    await this.refreshing;
    return this.view !== null;
  }

  /** From now on learns of new views as they are written; goes on until `close`, even while the home shard is down. */
  watchView(): void {
    this.viewWatch.start();
  }

  /**
   * True when a view is known, the home shard's or, where that does not answer soon, a copy of it; fences are read when they
   * are needed. Shards that were asked may still answer after that.
   */
  async ready(): Promise<boolean> {
    const { clock, limits } = this.options;
    const fromHome = this.refreshView();
    await Promise.race([fromHome, pause(clock, limits.viewHomeMs)]);
    if (this.view !== null) return true;
    const mirrored = this.mirrors.ask((view) => {
      if (!this.closed) this.adopt(view);
    });
    await Promise.race([fromHome.then((isKnown) => (isKnown ? undefined : mirrored)), mirrored]);
    return this.view !== null;
  }

  /** Adopts a view unless it is older than the one in use, or another cluster's. */
  adopt(view: View): void {
    if (this.view !== null && (view.epoch <= this.view.epoch || !isOfSameCluster(this.view, view))) return;
    this.view = view;
    this.route = [...view.slots];
    const retired: Shard[] = [];
    for (const [id, shard] of this.shards) {
      if (view.shards.some((each) => each.id === id && each.identity === shard.identity)) continue;
      this.shards.delete(id);
      retired.push(shard);
    }
    for (const shard of view.shards) {
      const { id, endpoints } = shard;
      const known = this.shards.get(id);
      if (known) known.client.setEndpoints(endpoints);
      else this.shards.set(id, new Shard(shard, this.options.connect(id, endpoints), this.shardContext()));
    }
    // Their waiting operations go on at other shards, which must be known before.
    for (const shard of retired) shard.retire();
    this.options.trace.emit({ name: 'view.adopted', epoch: view.epoch, shards: view.shards.length });
  }

  close(): void {
    this.closed = true;
    this.viewWatch.stop();
    this.held.close();
    for (const shard of this.shards.values()) shard.close();
    this.shards.clear();
    this.options.home.close();
    this.mirrors.close();
  }

  private shardContext(): ShardContext {
    const { clock, trace, limits, quotaBytes = null } = this.options;
    return {
      clock,
      trace,
      limits,
      quotaBytes,
      onMisrouted: (pending, state) => this.reroute(pending, state),
      onUnreachable: () => this.refreshViewSoon(),
    };
  }

  private dispatch(pending: Pending): void {
    const shard = this.shards.get(this.route[pending.slot] ?? -1);
    if (shard) shard.submit(pending);
    else this.held.hold(pending);
  }

  /**
   * A fence rejected the operation: follow where it points, or wait until a shard owns the slot. Two outdated records may
   * point at each other, so a shard that is known to reject the operation, too, is not tried at once.
   */
  private reroute(pending: Pending, state: SlotState | undefined): void {
    const target = state?.kind === 'moved' ? this.shards.get(state.to) : undefined;
    if (target === undefined) {
      this.held.hold(pending);
      return;
    }
    this.route[pending.slot] = target.id;
    const fence = target.currentFence;
    if (fence === null || fence.record.slots[pending.slot]?.kind === 'owned') this.dispatch(pending);
    else this.held.hold(pending);
  }

  /**
   * Asks the shards that may know who owns a slot now. `found` is called, perhaps more than once, when the slot may be tried
   * again: the newest known fences say that a shard owns it, or no fence is known of the shard that it is routed to.
   */
  private seekOwner(slot: Slot, found: () => void): void {
    const look = () => {
      const owner = this.ownerByFences(slot);
      if (owner !== null) this.route[slot] = owner;
      const routed = this.shards.get(this.route[slot] ?? -1);
      if (owner !== null || (routed && routed.currentFence === null)) found();
    };
    const asked = new Set<Shard>();
    const ask = (id: number | undefined) => {
      const shard = this.shards.get(id ?? -1);
      if (shard) asked.add(shard);
      else this.refreshViewSoon();
    };
    ask(this.route[slot]);
    let isFrozen = false;
    for (const shard of this.shards.values()) {
      const state = shard.currentFence?.record.slots[slot];
      if (state?.kind !== 'frozen') continue;
      isFrozen = true;
      asked.add(shard);
      ask(state.to);
    }
    if (!isFrozen) this.refreshViewSoon();
    for (const shard of asked) void shard.refreshFence().then(look);
  }

  /** The shard whose fence, as it is known here, owns the slot at the highest epoch. */
  private ownerByFences(slot: Slot): number | null {
    let owner: number | null = null;
    let newest = -1;
    for (const [id, { currentFence }] of this.shards) {
      const state = currentFence?.record.slots[slot];
      if (state === undefined || !('epoch' in state) || state.epoch < newest) continue;
      // The new owner and the tombstone that points to it have the same epoch.
      if (state.epoch === newest && state.kind !== 'owned') continue;
      newest = state.epoch;
      owner = state.kind === 'owned' ? id : null;
    }
    return owner;
  }

  private refreshViewSoon(): void {
    const { clock, limits } = this.options;
    if (this.closed || clock.nowMs() < this.refreshedAtMs + limits.viewRefreshIntervalMs) return;
    this.refreshedAtMs = clock.nowMs();
    void this.refreshView();
  }

  private async fetchView(): Promise<void> {
    const { home, limits, trace } = this.options;
    const deadlineMs = limits.operationTimeoutMs;
    // etcd returns only a newer view: the one in use need not be sent and read again.
    const minModRevision = this.viewModRevision + 1;
    const outcome = await home.execute(
      { kind: 'range', key: VIEW_KEY, minModRevision },
      { readOnly: true, deadlineMs },
    );
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'range') {
      trace.emit({ name: 'view.unreachable', reason: outcome.kind });
      return;
    }
    const { kvs, count, header } = outcome.reply;
    const isForeign = kvs[0] !== undefined && !this.adoptValue(kvs[0]);
    // The member has no view at all, new or old, or another cluster's: it is not of the home shard.
    if ((count === 0 || isForeign) && header !== null) home.distrust(header.memberId);
  }

  /** A view that cannot be read counts as none: the one in use stays. False for a view of another cluster. */
  private adoptValue({ value, modRevision }: KeyValue): boolean {
    if (modRevision <= this.viewModRevision) return true;
    try {
      const view = readRecord(() => decodeView(value));
      if (this.view !== null && !isOfSameCluster(this.view, view)) return false;
      this.viewModRevision = modRevision;
      // The home shard alone says where it is: a copy may be out of date.
      this.options.home.setEndpoints(homeShardOf(view).endpoints);
      this.adopt(view);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.viewModRevision = modRevision;
      this.options.trace.emit({ name: 'view.unreadable', message: error.message });
    }
    return true;
  }
}
