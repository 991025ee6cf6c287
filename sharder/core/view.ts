/**
 * The view: which shard holds which slot, and where the shards are. It lives in the home shard under one key and is a
 * HINT: a stale one costs a retry, never correctness; the truth is each shard's fence record.
 */
import { bytesToJson, jsonToBytes } from './json-bytes.ts';
import { asIdentity } from './identity.ts';
import { present } from './invariant.ts';
import { asCount, asList, asObject, asText, type Others, othersOf } from './record-fields.ts';
import { dealSlots, SLOT_COUNT } from './slot.ts';
import { fromSlotRuns, fromSlotSpans, toSlotRuns, toSlotSpans } from './slot-runs.ts';
import type { Epoch, ShardId, Slot } from './numbers.ts';

/** The view's key in the home shard. */
export const VIEW_KEY = 'vase/view';
/** The key of its copy in the other shards. */
export const VIEW_MIRROR_KEY = 'vase/view-mirror';

export interface ViewShard {
  id: ShardId;
  /** Client endpoints of the members, "host:port". */
  endpoints: readonly string[];
  /** Given once, when its first fence record is written; shards that are older than identities have none. */
  identity?: string | undefined;
  /** Absent: the shard takes slots like any other. `draining`: it gives all its slots away and gets no more. */
  state?: 'draining';
  /** Fields of a later version: kept as they are. */
  others?: Others | undefined;
}

/** Slots on their way from one shard to another. The two shards' fence records say how far they are. */
export interface MoveRecord {
  /** Unique for ever: made of the epoch of the first view that had this move. */
  id: string;
  /** Ascending; in no other move. */
  slots: readonly Slot[];
  from: ShardId;
  to: ShardId;
  /** True: it is to be undone, unless the destination owns the slots already. */
  abort: boolean;
  /** Why the move is undone, when it has failed; absent when a user asked for that. */
  why?: string | undefined;
  /** Fields of a later version: kept as they are. */
  others?: Others | undefined;
}

export interface View {
  /** Rises by one with each change. */
  epoch: Epoch;
  shards: readonly ViewShard[];
  /** Slot to shard id, 1024 entries. */
  slots: readonly ShardId[];
  /** In the order in which they were proposed. */
  moves: readonly MoveRecord[];
  /**
   * The id of the next shard that joins. An id is never used twice: tombstones and clients of the old shard would mean the
   * new one.
   */
  nextShard: ShardId;
  /** Fields of a later version: kept as they are. */
  others?: Others | undefined;
}

/** The first, which holds the view. */
export function homeShardOf(view: View): ViewShard {
  return present(view.shards[0], 'the home shard of a view');
}

/** The shard that owns the slot, by the view. */
export function ownerOf(view: View, slot: Slot): ShardId {
  return present(view.slots[slot], 'the owner of a slot');
}

/** The name that users see for a shard; also that of its StatefulSet. */
export function shardName(id: ShardId): string {
  return `etcd-${id}`;
}

/**
 * Whether both are views of one cluster: the home shard, the first, is never removed, and has an identity. An address may
 * be used again by another cluster, whose view must not be taken for a newer one of this.
 */
export function isOfSameCluster({ shards: [one] }: View, { shards: [other] }: View): boolean {
  return one?.identity === other?.identity;
}

/** The first view of a new cluster: epoch 1, slots dealt evenly. */
export function initialView(shards: readonly ViewShard[]): View {
  const ids = shards.map((shard) => shard.id);
  return { epoch: 1, shards, slots: dealSlots(ids), moves: [], nextShard: Math.max(...ids) + 1 };
}

export function encodeView(view: View): Uint8Array {
  return jsonToBytes({
    ...view.others,
    format: 1,
    epoch: view.epoch,
    shards: view.shards.map(({ others, ...shard }) => ({ ...others, ...shard })),
    slots: toSlotRuns(view.slots),
    moves: view.moves.map(({ others, ...move }) => ({ ...others, ...move, slots: toSlotSpans(move.slots) })),
    nextShard: view.nextShard,
  });
}

/**
 * `moves` and `nextShard` may be missing: views were written without them at first.
 * @throws Error when the bytes are not a whole, consistent view of a known format.
 */
export function decodeView(bytes: Uint8Array): View {
  const raw = asObject(bytesToJson(bytes), 'view');
  if (raw['format'] !== 1) throw new Error(`view has format ${String(raw['format'])}; this version knows 1`);
  const shards = asList(raw['shards'], 'shards').map(decodeShard);
  const known = new Set(shards.map((shard) => shard.id));
  const slots = fromSlotRuns(raw['slots'], (id) => asCount(id, 'shard id'));
  let last: number | undefined;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const id = slots[slot];
    if (id !== undefined && id === last) continue;
    last = id;
    if (id === undefined || !known.has(id)) throw new Error(`view gives slot ${slot} to no known shard`);
  }
  const moves = asList(raw['moves'] ?? [], 'moves').map(decodeMove);
  for (const { id, from, to } of moves) {
    if (!known.has(from) || !known.has(to)) throw new Error(`move ${id} is between unknown shards`);
  }
  return {
    epoch: asCount(raw['epoch'], 'epoch'),
    shards,
    slots: slots as number[],
    moves,
    nextShard: asCount(raw['nextShard'] ?? Math.max(...known) + 1, 'nextShard'),
    ...othersOf(raw, ['format', 'epoch', 'shards', 'slots', 'moves', 'nextShard']),
  };
}

function decodeShard(raw: unknown): ViewShard {
  const shard = asObject(raw, 'shard');
  const endpoints = asList(shard['endpoints'], 'endpoints').map((endpoint) => asText(endpoint, 'endpoint'));
  if (endpoints.length === 0) throw new Error('a shard needs an endpoint');
  const id = asCount(shard['id'], 'shard id');
  const others = othersOf(shard, ['id', 'endpoints', 'identity', 'state']);
  const known = { id, endpoints, identity: asIdentity(shard['identity']), ...others };
  const state = shard['state'];
  if (state === undefined) return known;
  if (state !== 'draining') throw new Error(`shard ${id} has a state that this version does not know`);
  return { ...known, state };
}

function decodeMove(raw: unknown): MoveRecord {
  const move = asObject(raw, 'move');
  const slots = fromSlotSpans(move['slots']);
  if (slots.length === 0) throw new Error('a move needs a slot');
  return {
    id: asText(move['id'], 'move id'),
    slots,
    from: asCount(move['from'], 'from'),
    to: asCount(move['to'], 'to'),
    abort: move['abort'] === true,
    ...(typeof move['why'] === 'string' ? { why: move['why'] } : {}),
    ...othersOf(move, ['id', 'slots', 'from', 'to', 'abort', 'why']),
  };
}
