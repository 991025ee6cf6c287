/**
 * The operator of a run: writes the first records, adds and removes shards, proposes moves and aborts some. It only writes
 * intentions into the view; the view servers carry them out. No fault strikes it, so it finishes everything that it has begun.
 */
import type { RequestOp, TxnRequest } from '../../../sharder/core/etcd-messages.ts';
import { initialFence } from '../../../sharder/core/fence.ts';
import { createFenceRequest } from '../../../sharder/core/first-fence.ts';
import { newIdentity } from '../../../sharder/core/identity.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { pause } from '../../../sharder/core/pause.ts';
import { slotOf } from '../../../sharder/core/slot.ts';
import {
  encodeView,
  initialView,
  type View,
  VIEW_KEY,
  VIEW_MIRROR_KEY,
  type ViewShard,
} from '../../../sharder/core/view.ts';
import { EtcdShardClient } from '../../../sharder/etcd/client/shard-client.ts';
import { hashText } from '../../../sharder/hash.ts';
import type { BalanceGoal } from '../../../cluster/resharding/plan/plan-moves.ts';
import type { MovePlan } from '../../../cluster/resharding/plan/move-plan.ts';
import { RefusedError } from '../../../cluster/resharding/plan/refused-error.ts';
import { Resharder } from '../../../cluster/resharding/resharder.ts';
import { UnavailableError } from '../../../cluster/resharding/records/unavailable-error.ts';
import type { WorldProcess } from '../trace/sim-event.ts';
import type { World } from './world.ts';
import { wrongBalance } from '../properties/balance-check.ts';
import type { Violations } from '../properties/violations.ts';
import { keyName } from '../scenario/key-names.ts';
import { simMoverLimits } from '../scenario/scenario-limits.ts';
import type { Change, Scenario } from '../scenario/scenario.ts';
import { simResharderSettings } from './sim-view-server.ts';

const retryPauseMs = 100;
const callDeadlineMs = 3000;
/** Time in which sharders hear that a shard has left. */
const retireAfterMs = 1000;

export interface OperatorParts {
  world: World;
  shards: readonly ViewShard[];
  workload: Scenario['workload'];
  violations: Violations;
  /** Makes the etcd cluster of a shard that is to join. */
  createCluster: (id: number) => ViewShard;
  /** Takes away the etcd cluster of a shard that has left. */
  retire: (id: number) => void;
}

export class Operator {
  readonly process: WorldProcess;
  private readonly parts: OperatorParts;
  private readonly resharder: Resharder;
  private readonly created = new Map<number, ViewShard>();
  private joining: Promise<void> = Promise.resolve();

  constructor(parts: OperatorParts) {
    this.parts = parts;
    this.process = parts.world.addProcess('operator');
    const { clock, random, trace } = this.process;
    const rpc = parts.world.etcdRpc(this.process);
    const home = parts.shards[0]!.endpoints;
    const settings = simResharderSettings;
    this.resharder = new Resharder({ clock, random, trace, rpc, home, settings, limits: simMoverLimits });
  }

  /** Creates the records of all shards and the view; returns when they are there. */
  async setUp(): Promise<void> {
    const { random } = this.process;
    const shards = this.parts.shards.map((shard) => ({ ...shard, identity: newIdentity(random) }));
    const view = initialView(shards);
    // Each record is its shard's first write, so that all fences have the same revision.
    await Promise.all(
      shards.map((shard, index) => {
        const mirror: RequestOp = { kind: 'put', key: VIEW_MIRROR_KEY, value: encodeView(view) };
        const more = index === 0 ? [] : [mirror];
        return this.create(shard, createFenceRequest(initialFence(view, shard.id), more));
      }),
    );
    await this.create(shards[0]!, {
      kind: 'txn',
      compare: [{ key: VIEW_KEY, target: 'create_revision', result: 'equal', operand: 0 }],
      success: [{ kind: 'put', key: VIEW_KEY, value: encodeView(view) }],
      failure: [],
    });
  }

  /** Carries out all changes, each from its moment on, and resolves when none is left, however long that takes. */
  async run(changes: readonly Change[]): Promise<void> {
    await Promise.all(
      changes.map(async (change) => {
        await pause(this.process.clock, Math.max(0, change.atMs - this.parts.world.nowMs));
        await this.perform(change);
      }),
    );
    if (changes.length > 0) await this.until((view) => view.moves.length === 0);
  }

  private async perform(change: Change): Promise<void> {
    if (change.kind === 'move') return this.move(change);
    if (change.kind === 'rebalance') return this.rebalance(change.by);
    if (change.kind === 'remove_shard') return this.removeShard(change.shard);
    // Shards come one after the other.
    this.joining = this.joining.then(() => this.addShard());
    return this.joining;
  }

  private async move({ key, to, abortAfterMs }: Extract<Change, { kind: 'move' }>): Promise<void> {
    const { workload } = this.parts;
    const slot = slotOf(keyName(key % workload.keys, workload), hashText);
    const before = await this.propose((view) => {
      const from = view.slots[slot]!;
      const takers = view.shards.filter((shard) => shard.id !== from && shard.state !== 'draining');
      const taker = takers[to % Math.max(takers.length, 1)];
      return taker === undefined ? [] : [{ slots: [slot], from, to: taker.id }];
    });
    const move = before?.moves.find(({ slots }) => slots.includes(slot));
    if (abortAfterMs === null || move === undefined) return;
    await pause(this.process.clock, abortAfterMs);
    await this.abort(move.id);
  }

  /** Asks for a move to be undone, again and again, until the view says so or it is too late. */
  async abort(move: string): Promise<void> {
    await this.persist(() => this.resharder.abort(move), ['unknown-move', 'move-committed']);
  }

  private async addShard(): Promise<void> {
    const { createCluster } = this.parts;
    const { nextShard } = await this.until(() => true);
    const shard = this.created.get(nextShard) ?? createCluster(nextShard);
    this.created.set(nextShard, shard);
    await this.persist(() => this.resharder.addShard(shard), []);
    await this.rebalance('slots');
  }

  private async rebalance(by: Extract<Change, { kind: 'rebalance' }>['by']): Promise<void> {
    await this.propose(async (before) => {
      const goal = this.goalOf(by, before);
      const plans = await this.resharder.planRebalance(goal);
      const view = await this.resharder.readView();
      const wrong = view.epoch === before.epoch ? wrongBalance(view, plans, goal) : null;
      if (wrong !== null) this.parts.violations.add('balance', `balanced by ${by}: ${wrong}`);
      return plans;
    });
  }

  private goalOf(by: Extract<Change, { kind: 'rebalance' }>['by'], { shards, slots }: View): BalanceGoal {
    const { random } = this.process;
    if (by === 'weights') return { weights: new Map(shards.map(({ id }) => [id, 1 + random.nextBelow(4)])) };
    if (by === 'loads') return { loads: slots.map(() => random.nextBelow(5) * random.nextBelow(100)) };
    return {};
  }

  private async removeShard(number: number): Promise<void> {
    const { shards } = await this.until(() => true);
    if (shards.length < 2) return;
    const { id } = shards[1 + (number % (shards.length - 1))]!;
    // Meanwhile this shard may be the last that takes slots, or may have left.
    if (!(await this.persist(() => this.resharder.markDraining(id), ['last-shard', 'unknown-shard']))) return;
    let isGone = false;
    while (!isGone) {
      // The shard may also have left by an earlier attempt whose answer was lost.
      if ((await this.propose(() => this.resharder.drainPlan(id), 'unknown-shard')) === null) break;
      await this.until((view) => !view.moves.some(({ from, to }) => from === id || to === id));
      isGone = await this.resharder.forgetShard(id).then(() => true, isRefusalOrSilence);
    }
    this.process.trace.emit({ name: 'shard.removed', shard: id });
    await pause(this.process.clock, retireAfterMs);
    this.parts.retire(id);
  }

  /** Proposes until the plans fit the view; waits for slots that are being moved. Null when it is refused for this reason. */
  private async propose(
    plan: (view: View) => MovePlan[] | Promise<MovePlan[]>,
    refusal?: string,
  ): Promise<View | null> {
    for (;;) {
      try {
        return await this.resharder.propose(await plan(await this.resharder.readView()));
      } catch (error) {
        if (error instanceof RefusedError && error.code === refusal) return null;
        isRefusalOrSilence(error);
        await pause(this.process.clock, retryPauseMs);
      }
    }
  }

  /** Repeats the action until it succeeds (true), or is refused for one of these reasons (false). */
  private async persist(action: () => Promise<unknown>, refusals: readonly string[]): Promise<boolean> {
    for (;;) {
      try {
        await action();
        return true;
      } catch (error) {
        if (error instanceof RefusedError && refusals.includes(error.code)) return false;
        if (!(error instanceof UnavailableError)) throw error;
        await pause(this.process.clock, retryPauseMs);
      }
    }
  }

  private async until(test: (view: View) => boolean): Promise<View> {
    for (;;) {
      const view = await this.resharder.readView().catch(nothingIfSilent);
      if (view !== null && test(view)) return view;
      await pause(this.process.clock, retryPauseMs);
    }
  }

  private async create({ id, endpoints }: ViewShard, request: TxnRequest): Promise<void> {
    const { clock, random, trace } = this.process;
    const rpc = this.parts.world.etcdRpc(this.process);
    const limits = defaultLimits;
    const client = new EtcdShardClient({ shard: id, endpoints, rpc, clock, random, trace, limits });
    for (;;) {
      const outcome = await client.execute(request, { readOnly: false, deadlineMs: callDeadlineMs });
      if (outcome.kind === 'reply') break;
      await pause(clock, retryPauseMs);
    }
    client.close();
  }
}

function isRefusalOrSilence(error: unknown): false {
  if (error instanceof RefusedError || error instanceof UnavailableError) return false;
  throw error;
}

function nothingIfSilent(error: unknown): null {
  if (error instanceof UnavailableError) return null;
  throw error;
}
