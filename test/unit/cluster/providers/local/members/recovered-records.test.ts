// Whether a shard's record of before fits to another shard's of now.
import { expect, test } from 'vitest';
import { differenceOf } from '../../../../../../cluster/providers/local/members/recovered-records.ts';
import { joiningFence, type FenceRecord, type SlotState } from '../../../../../../sharder/core/fence.ts';

const owned = (epoch: number): SlotState => ({ kind: 'owned', epoch, versionOffset: 0 });
const moved = (epoch: number, to: number): SlotState => ({ kind: 'moved', epoch, to });
const importing: SlotState = { kind: 'importing', move: '7.0', attempt: 3 };

/** Of shard `id`, with this state of slot 5. */
function fence(id: number, state: SlotState | undefined): FenceRecord {
  const record = joiningFence({ id }, 1);
  return { ...record, slots: record.slots.map((_, slot) => (slot === 5 ? state : undefined)) };
}

test.each<[string, SlotState | undefined, SlotState | undefined]>([
  ['a slot that nobody else has', owned(1), undefined],
  ['a slot that left and is known to have left', moved(2, 1), owned(2)],
  ['a slot that came, and is known to have come', owned(2), moved(2, 2)],
  ['a slot that came and left again', moved(3, 1), moved(2, 2)],
  ['a slot that another shard once gave up', owned(3), moved(1, 2)],
  ['a slot that is on its way to another shard', owned(1), importing],
])('fits: %s', (_what, own, other) => {
  expect(differenceOf(fence(2, own), fence(1, other))).toBeNull();
});

test.each<[string, SlotState | undefined, SlotState | undefined, string]>([
  ['a slot that left since', owned(1), owned(2), 'it still owns what etcd-1 owns by now (slot 5)'],
  [
    'a slot that came since',
    undefined,
    moved(2, 2),
    'does not know of what came to the shard from etcd-1 (slot 5)',
  ],
  [
    'a slot that was coming',
    importing,
    moved(2, 2),
    'does not know of what came to the shard from etcd-1 (slot 5)',
  ],
  [
    'a slot that came back since',
    moved(2, 1),
    moved(3, 2),
    'does not know of what came to the shard from etcd-1 (slot 5)',
  ],
])('is too old for: %s', (_what, own, other, difference) => {
  expect(differenceOf(fence(2, own), fence(1, other))).toContain(difference);
});
