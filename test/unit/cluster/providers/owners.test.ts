// The view against the shards' own records.
import { expect, test } from 'vitest';
import { compareOwners } from '../../../../cluster/providers/owners.ts';
import { initialFence, type FenceRecord, type SlotState } from '../../../../sharder/core/fence.ts';
import { initialView } from '../../../../sharder/core/view.ts';

const view = initialView([1, 2].map((id) => ({ id, endpoints: [`etcd-${id}:2379`] })));
const one = initialFence(view, 1);
const two = initialFence(view, 2);
const ofTwo = view.slots.indexOf(2);

function withSlot(fence: FenceRecord, slot: number, state: SlotState | undefined): FenceRecord {
  return { ...fence, slots: fence.slots.map((each, index) => (index === slot ? state : each)) };
}
const owned: SlotState = { kind: 'owned', epoch: 9, versionOffset: 0 };
const said = (...fences: FenceRecord[]) => compareOwners(view, fences).map(({ what }) => what);

test('a cluster that is well has nothing to say', () => {
  expect(said(one, two)).toEqual([]);
});

test('a slot that two shards own is named, whomever the view names', () => {
  const both = `etcd-1 and etcd-2 both own slots ${ofTwo}: what is written to one is not read from the other`;
  expect(said(withSlot(one, ofTwo, owned), two)).toEqual([both]);
  // Of the shard that does not answer the view is believed.
  expect(said(withSlot(one, ofTwo, owned))).toEqual([both]);
});

test('a slot that its shard does not own is named', () => {
  const nobodys = [`etcd-2 does not own slots ${ofTwo}, which the view gives to it`];
  expect(said(one, withSlot(two, ofTwo, undefined))).toEqual(nobodys);
  const gone: SlotState = { kind: 'moved', epoch: 2, to: 1 };
  expect(said(withSlot(one, ofTwo, owned), withSlot(two, ofTwo, gone))).toEqual(nobodys);
});

test('slots on their way are left out', () => {
  const moves = [{ id: '2.0', slots: [ofTwo], from: 2, to: 1, abort: false }];
  expect(compareOwners({ ...view, moves }, [withSlot(one, ofTwo, owned), two])).toEqual([]);
});
