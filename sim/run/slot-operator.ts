/**
 * The operator of a run: writes the first view and fences, and hands slots from shard to shard while nobody else may touch
 * them: freeze, copy, activate, publish, clean. Each step looks at the records, does the next thing by compare-and-swap and
 * looks again, so an answer that was lost is of no consequence.
 */
import type { EtcdReply, EtcdRequest, RequestOp, TxnRequest } from '../../sharder/core/etcd-messages.ts';
import {
  decodeFence,
  encodeFence,
  FENCE_KEY,
  initialFence,
  type FenceRecord,
  type SlotState,
} from '../../sharder/core/fence.ts';
import { defaultLimits } from '../../sharder/core/limits.ts';
import { pause } from '../../sharder/core/pause.ts';
import { dataPrefix, dataRangeEnd } from '../../sharder/core/slot.ts';
import { decodeView, encodeView, initialView, VIEW_KEY, type View } from '../../sharder/core/view.ts';
import { EtcdShardClient } from '../../sharder/etcd/client/shard-client.ts';
import type { SimProcess } from '../process.ts';
import type { World } from '../world.ts';

const callDeadlineMs = 3000;
const retryPauseMs = 50;

interface Versioned<Value> {
  value: Value;
  modRevision: number;
}

export class SlotOperator {
  readonly process: SimProcess;
  movesDone = 0;
  private readonly clients: readonly EtcdShardClient[];
  private readonly view: View;

  constructor(world: World, endpoints: readonly (readonly string[])[]) {
    this.process = world.addProcess('operator');
    const { clock, random, trace } = this.process;
    const rpc = world.etcdRpc(this.process);
    this.clients = endpoints.map(
      (list, index) =>
        new EtcdShardClient({
          shard: index + 1,
          endpoints: list,
          rpc,
          clock,
          random,
          trace,
          limits: defaultLimits,
        }),
    );
    this.view = initialView(endpoints.map((list, index) => ({ id: index + 1, endpoints: list })));
  }

  /** Creates the records of all shards and the view; returns when they are there. */
  async setUp(): Promise<void> {
    await Promise.all(
      this.clients.map((_, index) =>
        this.create(index + 1, FENCE_KEY, encodeFence(initialFence(this.view, index + 1))),
      ),
    );
    await this.create(1, VIEW_KEY, encodeView(this.view));
  }

  /** Hands a slot to a shard; returns when it is done, however long that takes. */
  async move(slot: number, to: number): Promise<void> {
    const id = `move-${slot}-${to}-${this.process.clock.nowMs()}`;
    while (!(await this.step(slot, to, id))) await pause(this.process.clock, retryPauseMs);
    this.movesDone++;
    this.process.trace.emit({ name: 'move.done', slot, to });
  }

  /** One step forward; true when nothing is left to do, false when it is to be called again. */
  private async step(slot: number, to: number, move: string): Promise<boolean> {
    const view = await this.read(1, VIEW_KEY, decodeView);
    if (view === null) return false;
    const from = view.value.slots[slot]!;
    if (from === to) return this.clean(slot, to);
    const source = await this.read(from, FENCE_KEY, decodeFence);
    const target = await this.read(to, FENCE_KEY, decodeFence);
    if (source === null || target === null) return false;
    const state = source.value.slots[slot];
    if (target.value.slots[slot]?.kind === 'owned') {
      await this.publish(view, slot, to);
    } else if (state?.kind === 'owned') {
      await this.writeFence(from, source, slot, { ...state, kind: 'frozen', move, to });
    } else if (state?.kind === 'frozen') {
      await this.activate({ slot, from, to, state, target });
    } else {
      throw new Error(`slot ${slot} is ${state?.kind ?? 'nobody’s'} at shard ${from}`);
    }
    return false;
  }

  /** Copies what the frozen slot holds and makes the target its owner, in one transaction. */
  private async activate(options: {
    slot: number;
    from: number;
    to: number;
    state: Extract<SlotState, { kind: 'frozen' }>;
    target: Versioned<FenceRecord>;
  }): Promise<void> {
    const { slot, from, to, state, target } = options;
    const [key, rangeEnd] = [dataPrefix(slot), dataRangeEnd(slot)];
    const reply = await this.call(from, { kind: 'range', key, rangeEnd });
    if (reply?.kind !== 'range') return;
    // Above every version that the source gave: its revision only grows while nothing of the slot is written.
    const versionOffset = state.versionOffset + reply.header!.revision;
    const copies = reply.kvs.map((kv): RequestOp => ({ kind: 'put', key: kv.key, value: kv.value }));
    const owned: SlotState = { kind: 'owned', epoch: state.epoch + 1, versionOffset };
    await this.writeFence(to, target, slot, owned, copies);
  }

  private async publish(view: Versioned<View>, slot: number, to: number): Promise<void> {
    const slots = view.value.slots.with(slot, to);
    const value = encodeView({ ...view.value, slots, epoch: view.value.epoch + 1 });
    await this.call(1, compareAndPut(VIEW_KEY, view.modRevision, value, []));
  }

  /** The former owners of the slot forget its data and remember where it went. */
  private async clean(slot: number, to: number): Promise<boolean> {
    for (let shard = 1; shard <= this.clients.length; shard++) {
      if (shard === to) continue;
      const fence = await this.read(shard, FENCE_KEY, decodeFence);
      if (fence === null) return false;
      const state = fence.value.slots[slot];
      if (state?.kind !== 'frozen') continue;
      const moved: SlotState = { kind: 'moved', epoch: state.epoch + 1, to: state.to };
      const wipe: RequestOp = { kind: 'delete_range', key: dataPrefix(slot), rangeEnd: dataRangeEnd(slot) };
      await this.writeFence(shard, fence, slot, moved, [wipe]);
      return false;
    }
    return true;
  }

  private async writeFence(
    shard: number,
    fence: Versioned<FenceRecord>,
    slot: number,
    state: SlotState,
    more: readonly RequestOp[] = [],
  ): Promise<void> {
    const epoch = Math.max(fence.value.epoch, 'epoch' in state ? state.epoch : 0);
    const record = { ...fence.value, epoch, slots: fence.value.slots.with(slot, state) };
    await this.call(shard, compareAndPut(FENCE_KEY, fence.modRevision, encodeFence(record), more));
  }

  private async create(shard: number, key: string, value: Uint8Array): Promise<void> {
    while ((await this.read(shard, key, (bytes) => bytes)) === null) {
      await this.call(shard, compareAndPut(key, 0, value, []));
    }
  }

  private async read<Value>(
    shard: number,
    key: string,
    decode: (bytes: Uint8Array) => Value,
  ): Promise<Versioned<Value> | null> {
    const reply = await this.call(shard, { kind: 'range', key });
    const kv = reply?.kind === 'range' ? reply.kvs[0] : undefined;
    return kv ? { value: decode(kv.value), modRevision: kv.modRevision } : null;
  }

  private async call(shard: number, request: EtcdRequest): Promise<EtcdReply | null> {
    const readOnly = request.kind === 'range';
    const outcome = await this.clients[shard - 1]!.execute(request, { readOnly, deadlineMs: callDeadlineMs });
    return outcome.kind === 'reply' ? outcome.reply : null;
  }
}

function compareAndPut(
  key: string,
  modRevision: number,
  value: Uint8Array,
  more: readonly RequestOp[],
): TxnRequest {
  return {
    kind: 'txn',
    compare: [{ key, target: 'mod_revision', result: 'equal', operand: modRevision }],
    success: [{ kind: 'put', key, value }, ...more],
    failure: [],
  };
}
