/**
 * Changes the owners of slots. Every change is a compare-and-swap on records in etcd which carry the move's id, so any number
 * of resharders may run at once, and a successor goes on from the records alone.
 */
import { pause } from '../../sharder/core/pause.ts';
import type { Clock, EtcdRpc, Random, Trace } from '../../sharder/core/ports.ts';
import type { View, ViewShard } from '../../sharder/core/view.ts';
import type { MoverEvent } from './mover-event.ts';
import { Gate } from './gate.ts';
import { MirrorKeeper } from './records/mirror-keeper.ts';
import { MoveDriver } from './move-driver.ts';
import type { FailedMove, MovePlan, MoveProgress } from './plan/move-plan.ts';
import type { MoverContext } from './mover-context.ts';
import { defaultMoverLimits, type MoverLimits } from './records/mover-limits.ts';
import { type BalanceGoal, planBalance, planRemoval, splitPlans } from './plan/plan-moves.ts';
import { RateLimiter } from './rate-limiter.ts';
import { RecordsClient } from './records/records-client.ts';
import { RefusedError } from './plan/refused-error.ts';
import { UnavailableError } from './records/unavailable-error.ts';
import {
  withAbort,
  withDraining,
  withMoves,
  withoutDraining,
  withoutId,
  withoutShard,
  withShard,
} from './plan/view-changes.ts';
import type { Epoch, ShardId } from '../../sharder/core/numbers.ts';

export interface ResharderSettings {
  /** Moves that are worked on at the same time. */
  concurrentMovesMax: number;
  /** Slots of one move: all of them stop at the same time, for the moment of the hand-over. */
  slotsPerMoveMax: number;
  /** Of all moves together; null: no limit. */
  keysPerSecondMax: number | null;
}

export interface ResharderOptions {
  clock: Clock;
  random: Random;
  trace: Trace<MoverEvent>;
  rpc: EtcdRpc;
  /** Client endpoints of the home shard, "host:port". */
  home: readonly string[];
  settings: ResharderSettings;
  /** The part of its quota that a shard's keys take; null: not known. */
  fillOf?: (shard: ShardId) => number | null;
  /** Bounds that tests and the simulator tighten. */
  limits?: Partial<MoverLimits>;
}

/** The bound of all moves under way, those that only clean up among them, as a multiple of the bound of those that copy. */
const cleaningFactor = 2;
/** Failed moves that are remembered: far more than are under way at a time. */
const failuresMax = 256;

export class Resharder {
  private readonly context: MoverContext;
  private readonly settings: ResharderSettings;
  private readonly mirrors: MirrorKeeper;
  private readonly drivers = new Map<string, MoveDriver>();
  private readonly failed = new Map<string, FailedMove>();
  private isStopped = false;
  private failure: { error: unknown } | null = null;
  private wake: () => void = () => undefined;

  constructor({ clock, random, trace, rpc, home, settings, fillOf = () => null, limits }: ResharderOptions) {
    const all: MoverLimits = { ...defaultMoverLimits, ...limits };
    this.settings = settings;
    this.context = {
      records: new RecordsClient({ clock, random, trace, rpc, home, callMs: all.callMs }),
      clock,
      random,
      trace,
      limits: all,
      pace: new RateLimiter(clock, settings.keysPerSecondMax),
      freezes: new Gate(all.freezesMax),
      quickestProbes: new Map(),
      fillOf,
      isStopped: () => this.isStopped,
      onHandedOver: () => this.wake(),
      onFailed: (move) => this.noteFailure(move),
    };
    this.mirrors = new MirrorKeeper(this.context);
  }

  /**
   * Reads the view again and again, drives every move in it to its end, and keeps the copies of the view, until `stop`. Safe
   * when two run at once.
   * @throws only a programmer's errors.
   */
  async run(): Promise<void> {
    const { clock, limits, records, trace } = this.context;
    while (!this.isStopped) {
      try {
        const view = await records.readView();
        this.mirrors.note(view);
        this.drive(view);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        trace.emit({ name: 'view.unreachable', reason: error.message });
      }
      await Promise.race([
        pause(clock, limits.viewPollMs),
        new Promise<void>((resolve) => (this.wake = resolve)),
      ]);
      if (this.failure !== null) throw this.failure.error;
    }
  }

  /** Ends `run` soon; work under way stays as it is, and a successor takes it up. */
  stop(): void {
    this.isStopped = true;
    for (const driver of this.drivers.values()) driver.noteAbort();
    this.context.records.close();
    this.wake();
  }

  /** @throws UnavailableError when the home shard does not answer in time (as every method below). */
  readView(): Promise<View> {
    return this.context.records.readView();
  }

  /**
   * The shard joins without slots; its fence record is written first. The id must be the view's `nextShard`. A second call
   * after success returns the view.
   * @throws RefusedError `shard-id`
   */
  async addShard(shard: ViewShard): Promise<View> {
    const { records } = this.context;
    const view = await records.readView();
    if (withShard(view, shard) === null) return view;
    const { id, endpoints } = shard;
    const identity = await records.nameShard({ id, endpoints }, view.epoch);
    const { record } = await records.readFence(id);
    if (record.slots.some((state) => state !== undefined))
      throw new RefusedError('shard-id', `what answers as shard ${id} has been a shard before`);
    return records.updateView((current) => withShard(current, { id, endpoints, identity }));
  }

  /** From now on no shard joins under this id; one that has joined stays, and is in the view. */
  spendId(id: number): Promise<View> {
    return this.context.records.updateView((view) => withoutId(view, id));
  }

  /**
   * The fewest moves after which every shard that is not draining has its share. Nothing is written. Slots that are on
   * their way already stay in their moves.
   * @param goal.weights by shard id, default 1 each: shares of slots in proportion. @param goal.loads measured load by slot
   *   (1024 numbers): shares of load, not of slots.
   */
  async planRebalance(goal: BalanceGoal = {}): Promise<MovePlan[]> {
    return planBalance(await this.readView(), goal);
  }

  /**
   * Writes the moves into the view; `run`, here or in another process, carries them out. Plans are cut into moves of neighbouring slots.
   * @param slotsMax slots of one move: fewer than the settings say, where larger moves have failed.
   * @throws RefusedError `stale-plan`, `slots-in-move`, `unknown-shard`, `shard-draining`, `bad-plan`
   */
  async propose(plans: readonly MovePlan[], slotsMax = Infinity): Promise<View> {
    const { slotsPerMoveMax } = this.context.limits;
    const parts = splitPlans(plans, Math.min(this.settings.slotsPerMoveMax, slotsPerMoveMax, slotsMax));
    const view = await this.context.records.updateView((current) => withMoves(current, parts));
    this.wake();
    return view;
  }

  /** The moves that take all slots away from a shard. @throws RefusedError `home-shard`, `unknown-shard`, `last-shard` */
  async drainPlan(id: number): Promise<MovePlan[]> {
    return planRemoval(await this.readView(), id);
  }

  /**
   * From now on no plan gives the shard slots.
   * @param epoch the epoch of the view on which this was decided; absent: any.
   * @throws RefusedError as `drainPlan`; `stale-plan` when the view has changed since
   */
  markDraining(id: number, epoch?: Epoch): Promise<View> {
    return this.context.records.updateView((view) => {
      if (epoch !== undefined && view.epoch !== epoch)
        throw new RefusedError('stale-plan', `the view is at epoch ${view.epoch}, not ${epoch}`);
      return withDraining(view, id);
    });
  }

  /** Plans may give the shard slots again; nothing happens when the view has no such shard. */
  unmarkDraining(id: number): Promise<View> {
    return this.context.records.updateView((view) => withoutDraining(view, id));
  }

  /**
   * The view forgets a shard that is draining, owns nothing, by the view and by its fence record, and holds no data. Calling
   * it again after success gives the view.
   * @throws RefusedError `home-shard`, `shard-in-use`
   */
  async forgetShard(id: number): Promise<View> {
    const { records } = this.context;
    const view = await records.readView();
    if (withoutShard(view, id) === null) return view;
    const { record } = await records.readFence(id);
    for (const [slot, state] of record.slots.entries())
      if (state !== undefined && state.kind !== 'moved')
        throw new RefusedError('shard-in-use', `slot ${slot} is ${state.kind} at shard ${id}`);
    const counted = await records.read(id, { kind: 'range', key: 'd/', rangeEnd: 'd0', countOnly: true });
    const { count } = records.demand(id, counted, 'range');
    if (count > 0) throw new RefusedError('shard-in-use', `shard ${id} still holds ${count} keys`);
    return records.updateView((current) => withoutShard(current, id));
  }

  /**
   * Asks for the move to be undone; resolves when the view says so, not when the move is undone. It does not ask the
   * destination, which may not answer: if that owns the slots already, the mover reads so in its record and goes forward.
   * @throws RefusedError `unknown-move`, `move-committed`
   */
  async abort(moveId: string): Promise<void> {
    await this.context.records.updateView((view) => withAbort(view, moveId));
    this.drivers.get(moveId)?.noteAbort();
    this.wake();
  }

  /** The progress of every move that this resharder works on. */
  progress(): readonly MoveProgress[] {
    return [...this.drivers.values()].map((driver) => ({ ...driver.progress }));
  }

  /** Moves that were given up, as far as this resharder has seen, oldest first. */
  failures(): readonly FailedMove[] {
    return [...this.failed.values()];
  }

  private noteFailure(move: FailedMove): void {
    this.failed.set(move.id, move);
    for (const id of [...this.failed.keys()].slice(0, -failuresMax)) this.failed.delete(id);
  }

  /**
   * Starts the moves that are not under way, oldest first, within bounds. A move that waits for a shard takes no other's
   * place; of the moves that would wait for the same shard, no more are started than may be under way.
   */
  private drive(view: View): void {
    for (const { why, ...move } of view.moves)
      if (why !== undefined) this.noteFailure({ ...move, reason: why });
    const { concurrentMovesMax } = this.settings;
    for (const move of view.moves) {
      const driver = this.drivers.get(move.id);
      if (driver !== undefined) {
        if (move.abort) driver.noteAbort();
        continue;
      }
      const drivers = [...this.drivers.values()];
      const working = drivers.filter(({ heldUpBy }) => heldUpBy === null);
      if (this.isStopped || working.length >= cleaningFactor * concurrentMovesMax) continue;
      const copying = working.filter(({ isHandedOver }) => !isHandedOver);
      if (copying.length >= concurrentMovesMax) continue;
      if (Math.max(countHeldUp(drivers, move.from), countHeldUp(drivers, move.to)) >= concurrentMovesMax)
        continue;
      this.start(new MoveDriver(this.context, move));
    }
  }

  private start(driver: MoveDriver): void {
    this.drivers.set(driver.progress.id, driver);
    driver
      .run()
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => {
        this.drivers.delete(driver.progress.id);
        this.wake();
      });
  }
}

/** How many moves wait for this shard. */
function countHeldUp(drivers: readonly MoveDriver[], shard: ShardId): number {
  return drivers.filter((driver) => driver.heldUpBy === shard).length;
}
