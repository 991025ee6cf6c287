import { expect, test } from 'vitest';
import type { SlotState } from '../../../../../sharder/core/fence.ts';
import { initialView, type MoveRecord, type View } from '../../../../../sharder/core/view.ts';
import { ModelWatch } from '../../../../../sim/run/properties/model-watch.ts';
import { Violations } from '../../../../../sim/run/properties/violations.ts';

const shards = [1, 2, 3].map((id) => ({ id, endpoints: [`etcd-${id}:2379`] }));
const first = initialView(shards);
const slot = first.slots.indexOf(1);
const other = first.slots.lastIndexOf(1);
const move: MoveRecord = { id: '2.0', slots: [slot], from: 1, to: 2, abort: false };
const owned: SlotState = { kind: 'owned', epoch: 1, versionOffset: 0 };
const frozen: SlotState = { kind: 'frozen', epoch: 1, versionOffset: 0, move: '2.0', to: 2 };
const importing: SlotState = { kind: 'importing', move: '2.0', attempt: 7 };
const moved: SlotState = { kind: 'moved', epoch: 2, to: 2 };

class Onlooker {
  readonly violations = new Violations();
  private view = first;
  private readonly states = new Map<number, SlotState | undefined>([[1, owned]]);
  private readonly watch = new ModelWatch(this.violations, (shard) => this.states.get(shard));

  fence(shard: number, state: SlotState | undefined): this {
    this.states.set(shard, state);
    this.watch.onFence(shard, slot);
    return this;
  }

  change(change: Partial<View>): this {
    const view = { ...this.view, ...change };
    this.watch.onView(this.view, view);
    this.view = view;
    return this;
  }

  get messages(): string[] {
    return this.violations.list.map(({ property, message }) => `${property}: ${message}`);
  }
}

const slots = first.slots.map((id, at) => (at === slot ? 2 : id));
const handedOver = () =>
  new Onlooker()
    .change({ moves: [move] })
    .fence(2, importing)
    .fence(1, frozen)
    .fence(2, { ...owned, epoch: 2 });

test('a move and the next one back are a path of the model', () => {
  const back = { id: '9.0', slots: [slot], from: 2, to: 1, abort: false };
  const onlooker = handedOver().change({ slots }).fence(1, moved).change({ moves: [] });
  onlooker.change({ moves: [back] }).fence(1, { kind: 'importing', move: '9.0', attempt: 8 });
  onlooker.change({ moves: [{ ...back, abort: true }] }).fence(1, moved);
  onlooker.fence(2, { ...owned, epoch: 3 }).change({ moves: [] });
  expect(onlooker.messages).toEqual([]);
});

test('a move that is over before its source has a tombstone is none, and is told of once', () => {
  const onlooker = handedOver().change({ slots }).change({ moves: [] }).fence(1, moved);
  expect(onlooker.messages).toEqual([
    `model: slot ${slot} takes a step that is none of the model: ` +
      'frozen owned, view: destination, move: open > frozen owned, view: destination, move: over',
  ]);
});

test('a change at a shard that is not in the move, and a slot that the view gives away without one, are none', () => {
  expect(new Onlooker().change({ moves: [move] }).fence(3, importing).messages).toEqual([
    `model: slot ${slot} changes at shard 3, which is in no move of it`,
  ]);
  const astray = first.slots.map((id, at) => (at === other ? 2 : id));
  expect(new Onlooker().change({ slots: astray }).messages).toEqual([
    `model: the view gives slot ${other} to shard 2, which is in no move of it`,
  ]);
});
