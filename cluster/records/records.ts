/**
 * The view and fence records of a new cluster. They are only created, never overwritten: an existing record is the
 * truth, even when this program would write another one.
 */
import type {
  EtcdReply,
  EtcdRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../sharder/core/etcd-messages.ts';
import { fenceKey, fenceKeys, initialFence } from '../../sharder/core/fence.ts';
import { createFenceRequest, storedIdentity } from '../../sharder/core/first-fence.ts';
import { newIdentity } from '../../sharder/core/identity.ts';
import { systemRandom } from '../../sharder/system-clock.ts';
import type { EtcdCaller } from '../etcd/etcd-caller.ts';
import {
  decodeView,
  encodeView,
  initialView,
  VIEW_KEY,
  VIEW_MIRROR_KEY,
  type View,
  type ViewShard,
} from '../../sharder/core/view.ts';
import { ClusterError } from '../errors.ts';

const callTimeoutMs = 3000;
/** Rounds over a shard's members before giving up; the shard has a leader, so the first round should be enough. */
const roundsMax = 5;
/** Others change the view a few times a second at most. */
const swapsMax = 16;

export interface RecordsWritten {
  view: View;
  /** Records that were not there before. */
  created: number;
}

/**
 * Makes sure that the home shard (the first) has a view and every shard of the view a fence record, and that the view
 * names these endpoints. Which shards the view has, and their slots, stay as they are.
 * @param dead shards that are not asked: one that has run before has its record.
 * @throws ClusterError when a shard does not answer.
 */
export async function writeRecords(
  rpc: EtcdCaller,
  shards: readonly ViewShard[],
  dead: ReadonlySet<number> = new Set(),
): Promise<RecordsWritten> {
  const home = shards[0]!;
  const stored = await createView(rpc, shards);
  const view = await renewEndpoints(rpc, home, { stored, shards });
  let created = stored.created ? 1 : 0;
  // A shard that the view does not know is about to join or has left: the view server writes its records.
  for (const { id, endpoints } of shards) {
    const known = view.shards.find((each) => each.id === id);
    if (known !== undefined && !dead.has(id) && (await createFence(rpc, { ...known, endpoints }, view)))
      created += 1;
  }
  return { view, created };
}

/**
 * Writes the first records of a cluster that `up` did not make, from inside the cluster. When a view has ever been changed, or
 * all records were written once, it changes nothing and adds no missing record: the home shard's fence is written last, so it
 * distinguishes a cluster whose first records are incomplete from one that has lost some.
 * @param noteFormed called for each shard of the view before its fence is written, and for shards that have one.
 * @returns records that were not there before.
 * @throws ClusterError when a shard does not answer, and when shards have fences while the view is gone.
 */
export async function writeFirstRecords(
  rpc: EtcdCaller,
  shards: readonly ViewShard[],
  noteFormed: (shard: ViewShard, isNew: boolean) => Promise<void>,
): Promise<number> {
  const home = shards[0]!;
  let created = 0;
  let raw = (await readRecord(rpc, home, { key: VIEW_KEY }))?.value ?? null;
  if (raw === null) {
    const fenced = await findFenced(rpc, shards);
    // Another writer writes its view before its first fence.
    if (fenced !== null && (await readRecord(rpc, home, { key: VIEW_KEY })) === null)
      throw viewLost(home, fenced);
    const stored = await createView(rpc, shards);
    if (stored.created) created += 1;
    raw = stored.value;
  }
  const view = decodeView(raw);
  const [named] = view.shards;
  const isWhole = view.epoch > 1 || (await readRecord(rpc, home, { key: fenceKey(named!) })) !== null;
  for (const shard of view.shards.toReversed()) {
    await noteFormed(shard, !isWhole);
    if (!isWhole && (await createFence(rpc, shard, view))) created += 1;
  }
  return created;
}

async function findFenced(rpc: EtcdCaller, shards: readonly ViewShard[]): Promise<ViewShard | null> {
  for (const shard of shards) if ((await readRecord(rpc, shard, fenceKeys)) !== null) return shard;
  return null;
}

async function readRecord(
  rpc: EtcdCaller,
  shard: ViewShard,
  range: Pick<RangeRequest, 'key' | 'rangeEnd'>,
): Promise<StoredRecord | null> {
  const reply = await callShard(rpc, shard, { kind: 'range', ...range });
  if (reply.kind !== 'range') throw new Error(`etcd answered a range with ${reply.kind}`);
  return reply.kvs[0] ?? null;
}

function viewLost(home: ViewShard, shard: ViewShard): ClusterError {
  return new ClusterError(
    `shard ${shard.id} belongs to a cluster, and its home shard ${home.id} has no view: the home shard's data are lost`,
    { nextStep: 'Put the data of the home shard back; a new view would hide what the other shards have.' },
  );
}

interface StoredRecord {
  value: Uint8Array;
  modRevision: number;
}

/** Creates the view when there is none, with an identity for each shard. */
async function createView(
  rpc: EtcdCaller,
  shards: readonly ViewShard[],
): Promise<StoredRecord & { created: boolean }> {
  const named = shards.map((shard) => ({ ...shard, identity: newIdentity(systemRandom) }));
  const key = VIEW_KEY;
  const value = encodeView(initialView(named));
  const request: TxnRequest = {
    kind: 'txn',
    compare: [{ key, target: 'create_revision', result: 'equal', operand: 0 }],
    success: [{ kind: 'put', key, value }],
    failure: [{ kind: 'range', key }],
  };
  // Sending the request again after a lost answer is safe: the second one finds the record and changes nothing.
  const reply = await callShard(rpc, shards[0]!, request);
  if (reply.kind !== 'txn') throw new Error(`etcd answered a txn with ${reply.kind}`);
  if (reply.succeeded) return { value, modRevision: reply.header!.revision, created: true };
  const range = reply.responses[0];
  const kv = range?.kind === 'range' ? range.kvs[0] : undefined;
  if (kv === undefined) throw new Error(`etcd says that ${key} exists and does not show it`);
  return { value: kv.value, modRevision: kv.modRevision, created: false };
}

/**
 * Creates the fence record of the slots that the view gives the shard, and a copy of the view. True when there was none before.
 * @throws ClusterError when another shard answers in its place.
 */
async function createFence(rpc: EtcdCaller, shard: ViewShard, view: View): Promise<boolean> {
  const isHome = shard.id === view.shards[0]!.id;
  const mirror: RequestOp[] = isHome ? [] : [{ kind: 'put', key: VIEW_MIRROR_KEY, value: encodeView(view) }];
  const reply = await callShard(rpc, shard, createFenceRequest(initialFence(view, shard.id), mirror));
  if (reply.kind !== 'txn') throw new Error(`etcd answered a txn with ${reply.kind}`);
  if (reply.succeeded) return true;
  if (storedIdentity(reply) === shard.identity) return false;
  throw new ClusterError(`what answers as shard ${shard.id} is another shard`, {
    nextStep: `Give shard ${shard.id} its own data and addresses back: ${shard.endpoints.join(', ')}.`,
  });
}

function sameEndpoints(view: View, shards: readonly ViewShard[]): boolean {
  return view.shards.every((known) => {
    const { endpoints } = shards.find((shard) => shard.id === known.id) ?? known;
    return (
      known.endpoints.length === endpoints.length &&
      endpoints.every((endpoint) => known.endpoints.includes(endpoint))
    );
  });
}

/**
 * Gives the shards these endpoints in the view, by compare-and-swap; when the view has them already, nothing is changed. Only
 * the view decides which shards exist: one that it does not know, or no longer knows, is left out.
 * @param home where the home shard is.
 * @throws ClusterError when the home shard does not answer, or has no view.
 */
export async function nameEndpoints(
  rpc: EtcdCaller,
  home: ViewShard,
  shards: readonly ViewShard[],
): Promise<View> {
  const stored = await readRecord(rpc, home, { key: VIEW_KEY });
  if (stored === null)
    throw new ClusterError(`the home shard ${home.id} has no view`, { nextStep: 'See `make status`.' });
  return renewEndpoints(rpc, home, { stored, shards });
}

/** A lost answer costs one round: the next round finds the wanted endpoints, or a view that another process has written. */
async function renewEndpoints(
  rpc: EtcdCaller,
  home: ViewShard,
  { stored, shards }: { stored: StoredRecord; shards: readonly ViewShard[] },
): Promise<View> {
  let { value, modRevision } = stored;
  for (let round = 0; round < swapsMax; round++) {
    const view = decodeView(value);
    if (sameEndpoints(view, shards)) return view;
    const reply = await callShard(rpc, home, {
      kind: 'txn',
      compare: [{ key: VIEW_KEY, target: 'mod_revision', result: 'equal', operand: modRevision }],
      success: [{ kind: 'put', key: VIEW_KEY, value: encodeView(withEndpoints(view, shards)) }],
      failure: [{ kind: 'range', key: VIEW_KEY }],
    });
    if (reply.kind !== 'txn') throw new Error(`etcd answered a txn with ${reply.kind}`);
    if (reply.succeeded) return withEndpoints(view, shards);
    const range = reply.responses[0];
    const kv = range?.kind === 'range' ? range.kvs[0] : undefined;
    if (kv === undefined) break;
    ({ value, modRevision } = kv);
  }
  throw new ClusterError(`the view was changed by others ${swapsMax} times in a row`, {
    nextStep: 'Run this again.',
  });
}

function withEndpoints(view: View, shards: readonly ViewShard[]): View {
  return {
    ...view,
    epoch: view.epoch + 1,
    shards: view.shards.map((known) => ({
      ...known,
      endpoints: shards.find((shard) => shard.id === known.id)?.endpoints ?? known.endpoints,
    })),
  };
}

/** Asks the members in turn until one answers; only for requests that may be sent twice. */
async function callShard(rpc: EtcdCaller, shard: ViewShard, request: EtcdRequest): Promise<EtcdReply> {
  let problem = '';
  for (let round = 0; round < roundsMax; round++) {
    for (const endpoint of shard.endpoints) {
      const result = await rpc.call(endpoint, request, { deadlineMs: callTimeoutMs });
      if (result.kind === 'reply') return result.reply;
      problem = result.message;
    }
  }
  throw new ClusterError(`shard ${shard.id} does not answer: ${problem}`, {
    nextStep: 'See `make status`.',
  });
}
