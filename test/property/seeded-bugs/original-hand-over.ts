/**
 * The move of keys as the original's view server meant it, in place of the phases of a move: delete them at the source, hold
 * them in memory, set them at the destination, and tell the others afterwards. Only a seeded bug loads it.
 */
import type { DestinationClaim } from '../../../cluster/resharding/destination-claim.ts';
import type { MoverContext, MoveSteps } from '../../../cluster/resharding/mover-context.ts';
import { withSlots } from '../../../cluster/resharding/records/slot-states.ts';
import { RecordsChangedError } from '../../../cluster/resharding/records/step-errors.ts';
import type { KeyValue } from '../../../sharder/core/etcd-messages.ts';
import { dataPrefix, dataRangeEnd } from '../../../sharder/core/slot.ts';
import type { MoveRecord } from '../../../sharder/core/view.ts';

/** Above every version that a run gives: the bug must show the loss, not the versions. */
const versionOffset = 1_000_000;

export class HandOver {
  private readonly parts: readonly [MoverContext, MoveSteps, MoveRecord, DestinationClaim];

  constructor(...parts: HandOver['parts']) {
    this.parts = parts;
  }

  async run(): Promise<void> {
    const [{ records }, driver, move, claim] = this.parts;
    driver.enter('copy');
    const inMemory: KeyValue[] = [];
    for (const slot of move.slots) {
      const range = { key: dataPrefix(slot), rangeEnd: dataRangeEnd(slot) };
      const outcome = await records.read(move.from, { kind: 'range', ...range });
      inMemory.push(...records.demand(move.from, outcome, 'range').kvs);
      if (inMemory.length > 0) await records.execute(move.from, { kind: 'delete_range', ...range }, false);
    }
    for (const { key, value } of inMemory) await records.execute(move.to, { kind: 'put', key, value }, false);
    driver.enter('activate');
    const source = await records.readFence(move.from);
    const frozen = withSlots(source.record, move.slots, (state) => {
      if (state?.kind !== 'owned') throw new RecordsChangedError('the source does not own the slots');
      return { ...state, kind: 'frozen', move: move.id, to: move.to };
    });
    if ((await records.replaceFence(source, frozen)) === null)
      throw new RecordsChangedError('the source has changed');
    await claim.activate([], (slot) => {
      const { epoch } = source.record.slots[slot] as { epoch: number };
      return { kind: 'owned', epoch: epoch + 1, versionOffset };
    });
  }
}
