/**
 * The invariants of ownership, checked at every revision of every shard as the first of its members applies it: the view and
 * the fence records only ever change as the protocol of moves allows, and data are only ever written where their slot may be
 * written. It reads the applied state, past all protocols.
 */
import type { EtcdEvent } from '../../../sharder/core/etcd-messages.ts';
import type { FenceRecord, SlotState } from '../../../sharder/core/fence.ts';
import { SLOT_COUNT } from '../../../sharder/core/slot.ts';
import type { View } from '../../../sharder/core/view.ts';
import type { SimCluster } from '../../etcd/cluster.ts';
import { decodeValue } from '../scenario/intent.ts';
import { ModelWatch } from './model-watch.ts';
import { wrongField, wrongRecord, wrongView } from './record-checks.ts';
import type { StoredData } from './stored-data.ts';
import { type DataKey, readDataKey, readStoredFence, readStoredView } from './stored-records.ts';
import type { Violations } from './violations.ts';

const fencePrefix = 'vase/shard';
const viewKey = 'vase/view';
const mirrorKey = 'vase/view-mirror';

/** `who`: the name of the cluster that holds the record. */
export interface RecordListener {
  onFence(who: string, before: FenceRecord, after: FenceRecord): void;
  onView(who: string, before: View, after: View): void;
}

interface ObservedShard {
  id: number;
  cluster: SimCluster;
  /** The newest revision that any member has applied. */
  revision: number;
  fence: FenceRecord | null;
  /** The revision of its fence record. */
  fenceRevision: number;
  /** Slot to the revision at which it was frozen last. */
  frozenAt: Map<number, number>;
}

export class OwnershipWatch {
  /** Slots that have been in a move. */
  readonly movedSlots = new Set<number>();
  /** Values that any shard has applied. */
  readonly applied = new Set<number>();
  /** Value to how often a writer of its slot's owner has put it there. */
  private readonly puts = new Map<number, number>();
  movesDone = 0;
  movesAborted = 0;
  view: View | null = null;
  /** Shard to the epoch of its copy of the view. */
  readonly mirrored = new Map<number, number>();
  /** Called with each change of a record, if the story of the run is wanted. */
  teller: RecordListener | null = null;
  private readonly violations: Violations;
  private readonly stored: StoredData;
  private readonly model: ModelWatch;
  private readonly shards = new Map<number, ObservedShard>();
  /** Slot to the newest epoch at which it has had an owner. */
  private readonly epochs: number[] = Array.from({ length: SLOT_COUNT }, () => 0);

  constructor(violations: Violations, stored: StoredData) {
    this.violations = violations;
    this.stored = stored;
    this.model = new ModelWatch(violations, (shard, slot) => this.shards.get(shard)?.fence?.slots[slot]);
  }

  observe(id: number, cluster: SimCluster): void {
    const shard: ObservedShard = {
      id,
      cluster,
      revision: 0,
      fence: null,
      fenceRevision: 0,
      frozenAt: new Map(),
    };
    this.shards.set(id, shard);
    for (const member of cluster.members) member.onChanges = (changes) => this.take(shard, changes);
  }

  /** When no work is under way any more: each key is at the shard that owns its slot, by view and by fence, and nowhere else. */
  checkFinal(): void {
    const { view } = this;
    if (view === null) return;
    if (view.moves.length > 0) this.add(`the view still has move ${view.moves[0]!.id}`);
    for (const [slot, id] of view.slots.entries()) {
      for (const shard of this.shards.values()) {
        const state = shard.fence?.slots[slot];
        const isFine =
          shard.id === id ? state?.kind === 'owned' : state === undefined || state.kind === 'moved';
        if (!isFine)
          this.add(
            `slot ${slot} is at shard ${id} by the view, and ${state?.kind ?? 'nothing'} at ${shard.id}`,
          );
      }
    }
    for (const shard of this.shards.values()) {
      const stores = shard.cluster.members.map((member) => member.machine.store);
      const newest = stores.reduce((best, store) => (store.revision > best.revision ? store : best));
      for (const { key } of newest.list({ start: 'd/', end: 'd0' }, Infinity)) {
        const { isMarker, slot } = readDataKey(key);
        if (isMarker) this.add(`shard ${shard.id} still has the marker ${key}`);
        else if (shard.fence?.slots[slot]?.kind !== 'owned')
          this.add(`shard ${shard.id} has ${key} and does not own its slot`);
      }
    }
  }

  /** No value may have been applied twice as a user's write, whichever shards had its slot. */
  checkAppliedOnce(): void {
    for (const [value, times] of this.puts) {
      if (times > 1)
        this.violations.add('indefinite_at_most_once', `value ${value} was applied ${times} times`);
    }
  }

  private take(shard: ObservedShard, changes: readonly EtcdEvent[]): void {
    const { modRevision } = changes[0]!.kv;
    if (modRevision <= shard.revision) return;
    shard.revision = modRevision;
    this.stored.noteRevision(shard.id, modRevision);
    const others = changes.filter(({ kv }) => !kv.key.startsWith('d/'));
    const fence = others.find(({ kv }) => kv.key.startsWith(fencePrefix));
    for (const event of changes) {
      if (!event.kv.key.startsWith('d/')) continue;
      const place = readDataKey(event.kv.key);
      if (fence === undefined) this.checkData(shard, event, place);
      if (!place.isMarker) this.noteData(shard, event, place);
    }
    if (fence) this.takeFence(shard, readStoredFence(fence.kv.value), modRevision);
    const mirror = others.find(({ kv }) => kv.key === mirrorKey);
    if (mirror) this.takeMirror(shard.id, readStoredView(mirror.kv.value));
    const view = others.find(({ kv }) => kv.key === viewKey);
    if (view) this.takeView(readStoredView(view.kv.value), shard.cluster.name);
  }

  private noteData(
    { id, fence, fenceRevision }: ObservedShard,
    event: EtcdEvent,
    { slot, name }: DataKey,
  ): void {
    const { puts } = this;
    const state = fence?.slots[slot];
    const isOwned = state?.kind === 'owned';
    this.stored.take(id, event, { slot, name, versionOffset: isOwned ? state.versionOffset : null });
    if (event.type === 'delete') return;
    const value = decodeValue(event.kv.value);
    this.applied.add(value);
    if (state?.kind === 'importing') this.stored.noteFilled(id, event.kv, fenceRevision);
    if (isOwned) puts.set(value, (puts.get(value) ?? 0) + 1);
  }

  /** A write without a change of the record: by a sharder, or by a mover that fills, probes or clears. */
  private checkData(
    { id, fence }: ObservedShard,
    { type, kv }: EtcdEvent,
    { slot, isMarker }: DataKey,
  ): void {
    const kind = fence?.slots[slot]?.kind;
    const isFine = isMarker
      ? kind !== 'frozen' && (type === 'delete' || kind === 'owned')
      : kind === 'owned' || kind === 'importing' || (type === 'delete' && kind !== 'frozen');
    if (!isFine)
      this.add(`shard ${id} applied a ${type} of ${kv.key}, whose slot is ${kind ?? 'nothing'} there`);
  }

  private takeFence(shard: ObservedShard, record: FenceRecord, revision: number): void {
    const before = shard.fence;
    const replaced = shard.fenceRevision;
    shard.fenceRevision = revision;
    const wrong = wrongRecord(before, record);
    if (wrong !== null) this.add(`the record of shard ${shard.id}: ${wrong}`);
    if (record.shard !== shard.id || (before !== null && record.identity !== before.identity))
      this.add(
        `shard ${shard.id} has a record of shard ${record.shard}, ${record.identity ?? 'without identity'}`,
      );
    shard.fence = record;
    if (before !== null) this.teller?.onFence(shard.cluster.name, before, record);
    let [lastFrom, lastTo, isSame]: [SlotState | undefined, SlotState | undefined, boolean] = [
      undefined,
      undefined,
      true,
    ];
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const from = before?.slots[slot];
      const to = record.slots[slot];
      // Neighbours share one object, so this compares runs, not slots.
      if (from !== lastFrom || to !== lastTo) {
        isSame = JSON.stringify(from) === JSON.stringify(to);
        lastFrom = from;
        lastTo = to;
      }
      if (before === null) {
        if (to !== undefined && 'epoch' in to) this.epochs[slot] = to.epoch;
        if (to?.kind === 'owned') this.stored.own(shard.id, slot, to);
      } else if (!isSame) {
        this.movedSlots.add(slot);
        this.checkChange(shard, slot, from, to, replaced);
        this.model.onFence(shard.id, slot);
      }
      if (to?.kind === 'frozen' && from?.kind !== 'frozen') shard.frozenAt.set(slot, shard.revision);
    }
  }

  private checkChange(
    shard: ObservedShard,
    slot: number,
    from: SlotState | undefined,
    to: SlotState | undefined,
    before: number,
  ): void {
    const what = `slot ${slot} of shard ${shard.id}: ${from?.kind ?? 'nothing'} to ${to?.kind ?? 'nothing'}`;
    const change = `${from?.kind ?? 'nothing'} ${to?.kind ?? 'nothing'}`;
    if (!allowed.has(change)) this.add(`${what} is no step of a move`);
    if (from && to && 'epoch' in from && 'epoch' in to && to.epoch < from.epoch)
      this.add(`${what}: the epoch falls`);
    if (to === undefined) return;
    const move = this.view?.moves.find(({ slots }) => slots.includes(slot));
    const source = move && this.shards.get(move.from);
    const wrong = wrongField({
      shard: shard.id,
      from,
      to,
      move,
      before,
      source: source?.fence?.slots[slot],
    });
    if (wrong !== null) this.add(`${what}: ${wrong}`);
    if (to.kind === 'owned') this.checkOwner(shard, slot, from, to, what);
    if (to.kind === 'frozen' && !this.isInMove(slot, to.move)) this.add(`${what}: move ${to.move} is over`);
    if (to.kind === 'moved' && from?.kind === 'frozen' && this.view?.slots[slot] === shard.id)
      this.add(`${what}, and the view still sends there`);
  }

  private checkOwner(
    shard: ObservedShard,
    slot: number,
    from: SlotState | undefined,
    to: Extract<SlotState, { kind: 'owned' }>,
    what: string,
  ): void {
    if (to.epoch <= this.epochs[slot]!) this.add(`${what}: epoch ${to.epoch} has had an owner`);
    this.epochs[slot] = Math.max(this.epochs[slot]!, to.epoch);
    this.stored.own(shard.id, slot, to);
    for (const other of this.shards.values()) {
      const state = other.fence?.slots[slot];
      if (other === shard || state === undefined) continue;
      if (state.kind === 'owned') this.add(`${what}: shard ${other.id} owns it, too`);
      if (state.kind !== 'frozen' || from?.kind !== 'importing' || from.move !== state.move) continue;
      this.stored.checkHandOver(slot, other.id, shard.id);
      if (to.versionOffset < state.versionOffset + other.frozenAt.get(slot)!)
        this.add(`${what}: its versions begin below those that shard ${other.id} gave`);
    }
  }

  private isInMove(slot: number, id: string): boolean {
    return this.view?.moves.some((move) => move.id === id && move.slots.includes(slot)) ?? false;
  }

  private takeView(view: View, home: string): void {
    const before = this.view;
    this.view = view;
    if (before === null) return;
    this.teller?.onView(home, before, view);
    const wrong = wrongView(before, view);
    if (wrong !== null) this.add(`the view at epoch ${view.epoch}: ${wrong}`);
    this.model.onView(before, view);
    if (view.epoch !== before.epoch + 1)
      this.add(`the view's epoch goes from ${before.epoch} to ${view.epoch}`);
    for (const { id } of view.shards) {
      if (id >= before.nextShard ? id < view.nextShard : before.shards.some((shard) => shard.id === id))
        continue;
      this.add(`shard ${id} is in the view again`);
    }
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const id = view.slots[slot]!;
      if (id !== before.slots[slot] && this.shards.get(id)?.fence?.slots[slot]?.kind !== 'owned')
        this.add(`the view gives slot ${slot} to shard ${id}, which does not own it`);
    }
    for (const move of before.moves) {
      if (view.moves.some(({ id }) => id === move.id)) continue;
      const isDone = move.slots.every((slot) => view.slots[slot] === move.to);
      if (isDone) this.movesDone++;
      else this.movesAborted++;
      if (!isDone && !move.abort) this.add(`move ${move.id} has vanished`);
    }
  }

  private takeMirror(shard: number, { epoch }: View): void {
    const before = this.mirrored.get(shard) ?? 0;
    if (epoch < before)
      this.add(`the copy of the view in shard ${shard} goes from epoch ${before} to ${epoch}`);
    this.mirrored.set(shard, epoch);
  }

  private add(message: string): void {
    this.violations.add('ownership', message);
  }
}

/** The steps that a slot may take at one shard. */
const allowed = new Set([
  'nothing importing',
  'moved importing',
  'importing importing',
  'importing owned',
  'importing moved',
  'owned owned',
  'owned frozen',
  'frozen owned',
  'frozen moved',
]);
