/**
 * The records and keys of the store as the judge of a run reads them: with code of its own, so that a mistake in the
 * production code that writes and reads them is not repeated here.
 */
import type { FenceRecord, SlotState } from '../../../sharder/core/fence.ts';
import type { MoveRecord, View, ViewShard } from '../../../sharder/core/view.ts';

const slotCount = 1024;
/** Copied for each table: far quicker than a new one. */
const noSlots: readonly undefined[] = Array.from({ length: slotCount }, () => undefined);
const decoder = new TextDecoder();

type Runs = readonly (readonly [first: number, last: number, value: unknown])[];

export function readStoredFence(bytes: Uint8Array): FenceRecord {
  const raw = parse(bytes);
  const slots = expand(raw['slots'] as Runs) as (SlotState | undefined)[];
  return {
    shard: raw['shard'] as number,
    identity: raw['identity'] as string | undefined,
    epoch: raw['epoch'] as number,
    slots,
  };
}

export function readStoredView(bytes: Uint8Array): View {
  const raw = parse(bytes);
  const moves = raw['moves'] as { slots: [number, number][] }[];
  return {
    epoch: raw['epoch'] as number,
    shards: raw['shards'] as ViewShard[],
    slots: expand(raw['slots'] as Runs) as number[],
    moves: moves.map((move) => ({ ...move, slots: spans(move.slots) }) as unknown as MoveRecord),
    nextShard: raw['nextShard'] as number,
  };
}

export interface DataKey {
  slot: number;
  /** The user's key; empty for a marker. */
  name: string;
  isMarker: boolean;
}

/** Of a key that begins with "d/": "d/<slot, four hex digits>/<the user's key>"; without a user's key it is the slot's marker. */
export function readDataKey(key: string): DataKey {
  if (!/^d\/[0-9a-f]{4}\//.test(key)) throw new Error(`a key of no slot: ${key}`);
  const name = key.slice(7);
  return { slot: parseInt(key.slice(2, 6), 16), name, isMarker: name === '' };
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  const raw = JSON.parse(decoder.decode(bytes)) as Record<string, unknown>;
  if (raw['format'] !== 1) throw new Error(`a record of format ${String(raw['format'])}`);
  return raw;
}

/** The value of a run stands for all of its slots, as one object. */
function expand(runs: Runs): unknown[] {
  const table: unknown[] = noSlots.slice();
  for (const [first, last, value] of runs) table.fill(value, first, last + 1);
  return table;
}

function spans(list: readonly (readonly [number, number])[]): number[] {
  return list.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
}
