/**
 * Reads and changes the records of a cluster, the view and the shards' fences: reads are linearizable, and writes are
 * compare-and-swaps on the mod revision that was read. No code here writes a record that it has not read.
 */
import type {
  EtcdReply,
  EtcdRequest,
  KeyValue,
  RangeRequest,
  ReplyHeader,
  RequestOp,
  TxnReply,
  TxnRequest,
  WatchRequest,
} from '../../../sharder/core/etcd-messages.ts';
import {
  decodeFenceOf,
  encodeFence,
  type Fence,
  fenceKey,
  type FenceRecord,
  joiningFence,
} from '../../../sharder/core/fence.ts';
import { createFenceRequest, storedIdentity } from '../../../sharder/core/first-fence.ts';
import { newIdentity, type ShardName } from '../../../sharder/core/identity.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { Cancel, Clock, EtcdRpc, Random, Trace, WatchSink } from '../../../sharder/core/ports.ts';
import { revisionOf } from '../../../sharder/core/reply-revision.ts';
import type { CallOutcome } from '../../../sharder/core/shard-client.ts';
import {
  decodeView,
  encodeView,
  homeShardOf,
  type View,
  VIEW_KEY,
  type ViewShard,
} from '../../../sharder/core/view.ts';
import type { EtcdClientEvent } from '../../../sharder/etcd/client/client-event.ts';
import { EtcdShardClient } from '../../../sharder/etcd/client/shard-client.ts';
import { describe } from './describe-outcome.ts';
import { SilenceWatch } from './silence-watch.ts';
import { UnavailableError } from './unavailable-error.ts';
import type { Epoch, Revision, ShardId } from '../../../sharder/core/numbers.ts';

export interface RecordsClientOptions {
  clock: Clock;
  random: Random;
  trace: Trace<EtcdClientEvent>;
  rpc: EtcdRpc;
  home: readonly string[];
  /** Milliseconds for one call and its repetitions. */
  callMs: number;
}

/** The number of the home shard's client: the view is read before any shard is known. */
const homeNumber = 0;
/** Member ids that are remembered for one shard: far more than it has at a time. */
const membersMax = 64;
/** Tries of one change of the view against changes by others; each lost try means that another change was made. */
const swapsMax = 100;

export class RecordsClient {
  private readonly options: RecordsClientOptions;
  private readonly clients = new Map<number, EtcdShardClient>();
  private readonly home: EtcdShardClient;
  private known: View | null = null;
  /** Records as they were read last: an unchanged one need not be decoded again. */
  private newestView: { view: View; modRevision: Revision } | null = null;
  private readonly newestFences = new Map<number, Fence>();
  /** Shard to its identity, where it has one. */
  private readonly identities = new Map<number, string | undefined>();
  /** Shard to the ids of the members that have answered with the shard's own record. */
  private readonly members = new Map<number, Set<string>>();
  /** Since when shards have not answered. */
  readonly silences: SilenceWatch;
  private viewTurn: Promise<unknown> = Promise.resolve();
  private readonly turns = new Map<number, Promise<unknown>>();

  constructor(options: RecordsClientOptions) {
    this.options = options;
    this.silences = new SilenceWatch(options.clock);
    this.home = this.connect(homeNumber, options.home);
    this.clients.set(homeNumber, this.home);
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  /** @throws UnavailableError when the home shard does not answer, or has no view that can be read. */
  async readView(): Promise<View> {
    return (await this.fetchView()).view;
  }

  /**
   * Changes the view by compare-and-swap, again and again until it succeeds. `change` is called with each view that is read and
   * returns the new one, or null when there is nothing to change; it may throw to give up. This method sets the epoch.
   */
  updateView(change: (view: View) => Omit<View, 'epoch'> | null): Promise<View> {
    // One after the other, so that two moves of one process do not conflict.
    const turn = this.viewTurn.then(() => this.swapView(change));
    this.viewTurn = turn.catch(() => undefined);
    return turn;
  }

  // Other processes are kept out by the compare-and-swap.
  /** Runs an action that reads a shard's record and replaces it: one at a time here, so that moves do not conflict. */
  alone<Result>(shard: ShardId, action: () => Promise<Result>): Promise<Result> {
    const turn = (this.turns.get(shard) ?? Promise.resolve()).then(action);
    this.turns.set(
      shard,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** @throws UnavailableError when the shard does not answer or has no fence record that can be read. */
  async readFence(shard: ShardId): Promise<Fence> {
    const key = await this.keyOf(shard);
    const reply = this.demand(shard, await this.execute(shard, { kind: 'range', key }, true), 'range');
    const kv = reply.kvs[0];
    if (kv === undefined) throw this.mistaken(shard, reply.header);
    const fence = this.parseFence(shard, kv);
    this.noteMember(shard, reply.header);
    return fence;
  }

  /** @throws UnavailableError when it cannot be read. */
  parseFence(shard: ShardId, { value, modRevision }: KeyValue): Fence {
    const known = this.newestFences.get(shard);
    if (known?.modRevision === modRevision) return known;
    const fence = {
      record: this.decode(shard, () => decodeFenceOf(this.knownName(shard), value)),
      modRevision,
    };
    this.newestFences.set(shard, fence);
    return fence;
  }

  /**
   * Replaces the record that was read, with more operations in the same transaction.
   * @returns the new fence, or null when the record had changed meanwhile: then nothing is written.
   * @throws UnavailableError when the outcome is unknown.
   */
  async replaceFence(
    before: Fence,
    record: FenceRecord,
    more: readonly RequestOp[] = [],
  ): Promise<Fence | null> {
    const key = fenceKey(before.record);
    const { modRevision } = before;
    const put: RequestOp = { kind: 'put', key, value: encodeFence(record) };
    const reply = await this.swap(record.shard, { key, modRevision, success: [put, ...more] });
    return reply.succeeded ? { record, modRevision: revisionOf(reply) } : null;
  }

  /**
   * Writes the identity and the first record of a shard that joins; a shard that has them keeps them.
   * @returns the identity; undefined for a shard that is older than identities.
   * @throws UnavailableError
   */
  async nameShard({ id, endpoints }: ViewShard, epoch: Epoch): Promise<string | undefined> {
    this.introduce({ id, endpoints });
    const identity = newIdentity(this.options.random);
    const request = createFenceRequest(joiningFence({ id, identity }, epoch));
    const reply = this.demand(id, await this.execute(id, request, false), 'txn');
    const given = reply.succeeded ? identity : storedIdentity(reply);
    this.introduce({ id, endpoints, identity: given });
    return given;
  }

  /**
   * Reads a range of a shard's data, with proof that the shard itself answers: a copy of another shard's data would be useless,
   * and a source that only seems empty would lose data. `not_applied` where the proof fails.
   */
  async read(shard: ShardId, range: RangeRequest): Promise<CallOutcome> {
    const key = await this.keyOf(shard);
    const request: TxnRequest = {
      kind: 'txn',
      compare: [{ key, target: 'create_revision', result: 'greater', operand: 0 }],
      success: [range],
      failure: [],
    };
    const outcome = await this.execute(shard, request, true);
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'txn') return outcome;
    const { succeeded, responses, header } = outcome.reply;
    const [answer] = responses;
    if (!succeeded || answer?.kind !== 'range')
      return { kind: 'not_applied', message: this.mistaken(shard, header).message };
    this.noteMember(shard, header);
    return { kind: 'reply', reply: { ...answer, header } };
  }

  /** Whether the member with this id, which has just answered, belongs to the shard: asks, unless it is known. */
  async isMember(shard: ShardId, memberId: string): Promise<boolean> {
    const isKnown = () => this.members.get(shard)?.has(memberId) === true;
    if (!isKnown()) await this.read(shard, { kind: 'range', key: await this.keyOf(shard), countOnly: true });
    return isKnown();
  }

  /** The member that answered has no record of the shard: it is another shard's, or of none yet. */
  mistaken(shard: ShardId, header: ReplyHeader | null): UnavailableError {
    if (header !== null) this.clients.get(shard)?.distrust(header.memberId);
    if (shard === homeNumber)
      return new UnavailableError(shard, 'what answers as the home shard has no view');
    return new UnavailableError(shard, `what answers as shard ${shard} has no fence record of it`);
  }

  /** The reply of this kind. @throws UnavailableError when there is none. */
  demand<Kind extends EtcdReply['kind']>(
    shard: ShardId,
    outcome: CallOutcome,
    kind: Kind,
  ): Extract<EtcdReply, { kind: Kind }> {
    if (outcome.kind === 'reply' && outcome.reply.kind === kind)
      return outcome.reply as Extract<EtcdReply, { kind: Kind }>;
    throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);
  }

  /** @throws UnavailableError when the shard is not in the view. */
  async nameOf(shard: ShardId): Promise<ShardName> {
    await this.client(shard);
    return this.knownName(shard);
  }

  /** Whether the shard was in the newest view that was read. */
  isKnown(shard: ShardId): boolean {
    return this.clients.has(shard);
  }

  /** Sends one request and returns its outcome. */
  async execute(shard: ShardId, request: EtcdRequest, readOnly: boolean): Promise<CallOutcome> {
    const client = await this.client(shard);
    this.silences.asked(shard);
    const outcome = await client.execute(request, { readOnly, deadlineMs: this.options.callMs });
    if (outcome.kind !== 'not_applied' && outcome.kind !== 'unknown') this.silences.answered(shard);
    return outcome;
  }

  async watch(shard: ShardId, request: WatchRequest, sink: WatchSink): Promise<Cancel> {
    return (await this.client(shard)).watch(request, sink);
  }

  /** The member that served the shard's watches has gone silent. */
  avoidPreferred(shard: ShardId): void {
    this.clients.get(shard)?.avoidPreferred();
  }

  private introduce({ id, endpoints, identity }: ViewShard): void {
    const client = this.clients.get(id);
    if (client) client.setEndpoints(endpoints);
    else this.clients.set(id, this.connect(id, endpoints));
    this.identities.set(id, identity);
  }

  private async keyOf(shard: ShardId): Promise<string> {
    return fenceKey(await this.nameOf(shard));
  }

  private noteMember(shard: ShardId, header: ReplyHeader | null): void {
    const known = this.members.get(shard) ?? new Set();
    this.members.set(shard, known);
    if (known.size >= membersMax) known.clear();
    if (header !== null) known.add(header.memberId);
  }

  private knownName(shard: ShardId): ShardName {
    return { id: shard, identity: this.identities.get(shard) };
  }

  private async client(shard: ShardId): Promise<EtcdShardClient> {
    if (!this.clients.has(shard)) await this.readView();
    const client = this.clients.get(shard);
    if (client === undefined) throw new UnavailableError(shard, `shard ${shard} is not in the view`);
    return client;
  }

  private async fetchView(): Promise<{ view: View; modRevision: Revision }> {
    const outcome = await this.execute(homeNumber, { kind: 'range', key: VIEW_KEY }, true);
    const { kvs, header } = this.demand(homeNumber, outcome, 'range');
    const kv = kvs[0];
    if (kv === undefined) throw this.mistaken(homeNumber, header);
    const { modRevision } = kv;
    if (this.newestView?.modRevision === modRevision) return this.newestView;
    const view = this.decode(homeNumber, () => decodeView(kv.value));
    this.newestView = { view, modRevision };
    this.adopt(view);
    return this.newestView;
  }

  private async swapView(change: (view: View) => Omit<View, 'epoch'> | null): Promise<View> {
    for (let tries = 0; tries < swapsMax; tries++) {
      const { view, modRevision } = await this.fetchView();
      const changed = change(view);
      if (changed === null) return view;
      const next: View = { ...changed, epoch: view.epoch + 1 };
      const success: RequestOp[] = [{ kind: 'put', key: VIEW_KEY, value: encodeView(next) }];
      const reply = await this.swap(homeNumber, { key: VIEW_KEY, modRevision, success });
      if (!reply.succeeded) continue;
      this.adopt(next);
      return next;
    }
    throw new UnavailableError(homeNumber, `the view was changed by others ${swapsMax} times in a row`);
  }

  private async swap(
    shard: ShardId,
    { key, modRevision, success }: { key: string; modRevision: Revision; success: readonly RequestOp[] },
  ): Promise<TxnReply> {
    const outcome = await this.execute(
      shard,
      {
        kind: 'txn',
        compare: [{ key, target: 'mod_revision', result: 'equal', operand: modRevision }],
        success,
        failure: [],
      },
      false,
    );
    return this.demand(shard, outcome, 'txn');
  }

  private adopt(view: View): void {
    if (this.known !== null && view.epoch <= this.known.epoch) return;
    this.known = view;
    for (const shard of view.shards) this.introduce(shard);
    this.home.setEndpoints(homeShardOf(view).endpoints);
    for (const [id, client] of this.clients) {
      if (id === homeNumber || id >= view.nextShard || view.shards.some((shard) => shard.id === id)) continue;
      client.close();
      this.clients.delete(id);
      this.members.delete(id);
      this.silences.answered(id);
    }
  }

  private decode<Value>(shard: ShardId, read: () => Value): Value {
    try {
      return read();
    } catch (error) {
      throw new UnavailableError(shard, `a record of shard ${shard} cannot be read: ${String(error)}`);
    }
  }

  private connect(shard: ShardId, endpoints: readonly string[]): EtcdShardClient {
    const { clock, random, trace, rpc } = this.options;
    return new EtcdShardClient({ shard, endpoints, rpc, clock, random, trace, limits: defaultLimits });
  }
}
