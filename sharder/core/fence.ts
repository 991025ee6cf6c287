/**
 * The fence record: the truth about which slots a shard owns, one key in that shard's own etcd. Every data transaction compares
 * its mod revision, so a change of ownership atomically rejects every transaction that was built on the old record.
 */
import { asIdentity, type ShardName } from './identity.ts';
import { invariant } from './invariant.ts';
import { bytesToJson, jsonToBytes } from './json-bytes.ts';
import { asCount, asObject, asText, type Others, othersOf } from './record-fields.ts';
import { SLOT_COUNT } from './slot.ts';
import { fromSlotRuns, toSlotRuns } from './slot-runs.ts';
import type { View } from './view.ts';
import type { Epoch, Revision, ShardId } from './numbers.ts';

/**
 * The key of a shard's fence record. It contains the shard's identity, so that the comparison of the record's mod revision also
 * proves which shard answers: any other etcd has no such key, and compares mod revision 0.
 */
export function fenceKey({ identity }: Pick<ShardName, 'identity'>): string {
  return identity === undefined ? 'vase/shard' : `vase/shard/${identity}`;
}

/** The range of the keys of all possible fence records. */
export const fenceKeys = { key: 'vase/shard', rangeEnd: 'vase/shard0' } as const;

/**
 * The state of one slot at a shard. A slot's `epoch` rises by one with each change of its ownership; the state has that of the
 * change which led to it. API versions of the slot's keys are `versionOffset` + mod revision. An `attempt` is one mover's claim
 * to fill the slot: the mod revision of the record that the claim was written over, so that no two claims are alike.
 */
export type SlotState =
  | { kind: 'owned'; epoch: Epoch; versionOffset: number }
  | { kind: 'importing'; move: string; attempt: Revision }
  | { kind: 'frozen'; epoch: Epoch; versionOffset: number; move: string; to: ShardId }
  | { kind: 'moved'; epoch: Epoch; to: ShardId };

export interface FenceRecord {
  shard: ShardId;
  /** The shard's identity, as in the record's key. */
  identity?: string | undefined;
  epoch: Epoch;
  /** Slot to state, 1024 entries; undefined where this shard never had the slot. */
  slots: readonly (SlotState | undefined)[];
  /** Fields of a later version: kept as they are. */
  others?: Others | undefined;
}

/** A record as read from etcd; transactions compare `modRevision`. */
export interface Fence {
  record: FenceRecord;
  modRevision: Revision;
}

/** The first record of a shard in a new cluster: the shard owns the slots that the view gives it. */
export function initialFence(view: View, shard: ShardId): FenceRecord {
  const owned: SlotState = { kind: 'owned', epoch: view.epoch, versionOffset: 0 };
  const identity = view.shards.find(({ id }) => id === shard)?.identity;
  return {
    shard,
    identity,
    epoch: view.epoch,
    slots: view.slots.map((id) => (id === shard ? owned : undefined)),
  };
}

/** The first record of a shard that joins a cluster: it owns nothing. */
export function joiningFence({ id, identity }: ShardName, epoch: Epoch): FenceRecord {
  return { shard: id, identity, epoch, slots: Array.from({ length: SLOT_COUNT }, () => undefined) };
}

export function encodeFence(record: FenceRecord): Uint8Array {
  const slots = toSlotRuns(record.slots);
  for (const [first, , state] of slots)
    invariant(isReadable(state), `the state of slot ${first} is no state`);
  return jsonToBytes({
    ...record.others,
    format: 1,
    shard: record.shard,
    identity: record.identity,
    epoch: record.epoch,
    slots,
  });
}

/** Whether `decodeFence` can read the state: a field that is no whole number would make the whole record unreadable. */
function isReadable(state: SlotState): boolean {
  const numbers = Object.values(state).filter((field) => typeof field === 'number');
  return numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
}

/** @throws Error when the bytes are not a whole, consistent record of a known format. */
export function decodeFence(bytes: Uint8Array): FenceRecord {
  const raw = asObject(bytesToJson(bytes), 'fence record');
  if (raw['format'] !== 1)
    throw new Error(`fence record has format ${String(raw['format'])}; this version knows 1`);
  return {
    shard: asCount(raw['shard'], 'shard'),
    identity: asIdentity(raw['identity']),
    epoch: asCount(raw['epoch'], 'epoch'),
    slots: fromSlotRuns(raw['slots'], decodeSlotState),
    ...othersOf(raw, ['format', 'shard', 'identity', 'epoch', 'slots']),
  };
}

/** @throws Error also when the record belongs to another shard: it says nothing about this one. */
export function decodeFenceOf({ id, identity }: ShardName, bytes: Uint8Array): FenceRecord {
  const record = decodeFence(bytes);
  if (record.shard === id && record.identity === identity) return record;
  throw new Error(
    `the fence record is that of shard ${record.shard}, ${record.identity ?? 'without identity'}`,
  );
}

function decodeSlotState(raw: unknown): SlotState {
  const state = asObject(raw, 'slot state');
  const epoch = () => asCount(state['epoch'], 'epoch');
  const versionOffset = () => asCount(state['versionOffset'], 'versionOffset');
  const to = () => asCount(state['to'], 'to');
  const move = () => asText(state['move'], 'move');
  switch (state['kind']) {
    case 'owned':
      return { kind: 'owned', epoch: epoch(), versionOffset: versionOffset() };
    case 'importing':
      return { kind: 'importing', move: move(), attempt: asCount(state['attempt'], 'attempt') };
    case 'frozen':
      return { kind: 'frozen', epoch: epoch(), versionOffset: versionOffset(), move: move(), to: to() };
    case 'moved':
      return { kind: 'moved', epoch: epoch(), to: to() };
    default:
      throw new Error(`unknown slot state ${String(state['kind'])}`);
  }
}
