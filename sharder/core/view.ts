/**
 * The view: which shard holds which slot, and where the shards are. It lives in the home shard under one key and is a
 * HINT: a stale one costs a retry, never correctness; the truth is each shard's fence record.
 */
import { bytesToJson, jsonToBytes } from './json-bytes.ts';
import { asCount, asList, asObject, asText } from './record-fields.ts';
import { dealSlots, SLOT_COUNT } from './slot.ts';
import { fromSlotRuns, toSlotRuns } from './slot-runs.ts';

/** The view's key in the home shard. */
export const VIEW_KEY = 'vase/view';

export interface ViewShard {
  id: number;
  /** Client endpoints of the members, "host:port". */
  endpoints: readonly string[];
}

export interface View {
  /** Rises by one with each change. */
  epoch: number;
  shards: readonly ViewShard[];
  /** Slot to shard id, 1024 entries. */
  slots: readonly number[];
}

/** The name that users see for a shard; also that of its StatefulSet. */
export function shardName(id: number): string {
  return `etcd-${id}`;
}

/** The first view of a new cluster: epoch 1, slots dealt evenly. */
export function initialView(shards: readonly ViewShard[]): View {
  return { epoch: 1, shards, slots: dealSlots(shards.map((shard) => shard.id)) };
}

export function encodeView(view: View): Uint8Array {
  return jsonToBytes({ format: 1, epoch: view.epoch, shards: view.shards, slots: toSlotRuns(view.slots) });
}

/** @throws Error when the bytes are not a whole, consistent view of a known format. */
export function decodeView(bytes: Uint8Array): View {
  const raw = asObject(bytesToJson(bytes), 'view');
  if (raw['format'] !== 1) throw new Error(`view has format ${String(raw['format'])}; this version knows 1`);
  const shards = asList(raw['shards'], 'shards').map(decodeShard);
  const known = new Set(shards.map((shard) => shard.id));
  const slots = fromSlotRuns(raw['slots'], (id) => asCount(id, 'shard id'));
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const id = slots[slot];
    if (id === undefined || !known.has(id)) throw new Error(`view gives slot ${slot} to no known shard`);
  }
  return { epoch: asCount(raw['epoch'], 'epoch'), shards, slots: slots as number[] };
}

function decodeShard(raw: unknown): ViewShard {
  const shard = asObject(raw, 'shard');
  const endpoints = asList(shard['endpoints'], 'endpoints').map((endpoint) => asText(endpoint, 'endpoint'));
  if (endpoints.length === 0) throw new Error('a shard needs an endpoint');
  return { id: asCount(shard['id'], 'shard id'), endpoints };
}
