/** Slots, shards, epochs, revisions and versions are all numbers; the compiler keeps them apart. `tsc` is what fails here. */
import { expect, test } from 'vitest';
import { type Fence, initialFence, joiningFence } from '../../../sharder/core/fence.ts';
import type { Epoch, Revision, ShardId, Slot, Version } from '../../../sharder/core/numbers.ts';
import type { Condition, Place } from '../../../sharder/core/operation.ts';
import { initialView, ownerOf, shardName } from '../../../sharder/core/view.ts';

const slot: Slot = 7;
const shard: ShardId = 1;
const epoch: Epoch = 2;
const revision: Revision = 40;
const version: Version = 41;
const view = initialView([{ id: shard, endpoints: ['127.0.0.1:2379'] }]);

test('one kind of number does not stand in the place of another', () => {
  expect(ownerOf(view, slot)).toBe(shard);
  // @ts-expect-error a shard is no slot
  ownerOf(view, shard);
  // @ts-expect-error a slot is no shard
  initialFence(view, slot);
  // @ts-expect-error an epoch is no shard
  shardName(epoch);
  // @ts-expect-error a revision is no epoch
  joiningFence({ id: shard }, revision);
  const fence: Fence = { record: initialFence(view, shard), modRevision: revision };
  // @ts-expect-error an epoch is no revision
  fence.modRevision = epoch;
  // @ts-expect-error a revision is no version: the slot's offset is missing
  const condition: Condition = { kind: 'version', version: revision };
  // @ts-expect-error the shard and the slot are swapped
  const place: Place = { shard: slot, slot: shard, epoch };
  expect([condition, place]).toHaveLength(2);
});

test('what is decoded or reckoned is a plain number, and may stand for each', () => {
  const next: Revision = revision + 1;
  const shown: Version = next + 100;
  expect([next, shown, version]).toEqual([41, 141, 41]);
});
