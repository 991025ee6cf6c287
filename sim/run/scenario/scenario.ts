/**
 * A scenario: everything that a run of the simulator depends on, as plain data. The same scenario gives the same run, so
 * a failure can be shrunk, written to a file and replayed.
 */
import { z } from 'zod';
import { UsageError } from '../../../sharder/core/usage-error.ts';
import { oddAnswerNames } from '../../etcd/odd-answers.ts';
import { releaseNames } from '../../etcd/release.ts';
import { moverLimits, sharderLimits } from './scenario-limits.ts';

const whole = (min: number, max: number) => z.int().min(min).max(max);
const chance = z.number().min(0).max(1);

/** Moments are virtual milliseconds since the start; targets are numbers, taken modulo the number of candidates. */
const span = { atMs: whole(0, 60_000), forMs: whole(1, 30_000) };
const member = { shard: whole(0, 100), member: whole(0, 100) };

export const strikablePhases = [
  'import',
  'copy',
  'tail',
  'freeze',
  'drain',
  'activate',
  'publish',
  'clean',
  'rollback',
] as const;

/** Strikes on the mover of a slot, or on the shards of the move. */
export const strikeKinds = [
  'kill',
  'pause',
  'kill_source',
  'kill_destination',
  'pause_destination',
  'cut_destination',
  'swap_addresses',
  'pause_source',
  'cut_source',
  'compact_source',
  'break_watches',
  'lose_replies',
  'refused_by_source',
  'refused_by_destination',
  'unheard_by_source',
  'unheard_by_destination',
  'unfit_source',
  'unfit_destination',
  'large_replies_of_source',
  'clog_source',
  'clog_destination',
  'stall_source',
  'stall_destination',
  'fill_destination',
  'abort',
  'pause_and_abort',
  'lose_disk_of_source',
  'lose_disk_of_destination',
] as const;

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('kill_member'), ...span, ...member, power: z.boolean() }),
  /** Kills the member that is leader of the shard at that moment. */
  z.strictObject({ kind: z.literal('kill_leader'), ...span, shard: whole(0, 100), power: z.boolean() }),
  z.strictObject({ kind: z.literal('pause_member'), ...span, ...member }),
  z.strictObject({ kind: z.literal('pause_leader'), ...span, shard: whole(0, 100) }),
  /** All members of a shard lose power at once and come back. */
  z.strictObject({ kind: z.literal('power_cycle'), ...span, shard: whole(0, 100) }),
  z.strictObject({ kind: z.literal('kill_sharder'), ...span, sharder: whole(0, 100) }),
  z.strictObject({ kind: z.literal('pause_sharder'), ...span, sharder: whole(0, 100) }),
  /** Cuts the leader off from the other members, and from clients too unless `clientsReachIt`. */
  z.strictObject({
    kind: z.literal('isolate_leader'),
    ...span,
    shard: whole(0, 100),
    clientsReachIt: z.boolean(),
  }),
  /** The leader and one sharder see each other; the other members and the other sharders see each other; no link joins the sides. */
  z.strictObject({ kind: z.literal('split'), ...span, shard: whole(0, 100), sharder: whole(0, 100) }),
  /** Kills members of a shard picked at random, one every so often, and starts each again at once. */
  z.strictObject({ kind: z.literal('flap'), ...span, shard: whole(0, 100), everyMs: whole(1, 5000) }),
  /** Forces elections again and again, in which each member that has just voted is killed and started at once. */
  z.strictObject({ kind: z.literal('kill_voters'), ...span, shard: whole(0, 100), everyMs: whole(1, 5000) }),
  /** Cuts one direction between a sharder and a member. */
  z.strictObject({
    kind: z.literal('cut'),
    ...span,
    ...member,
    sharder: whole(0, 100),
    towardsMember: z.boolean(),
  }),
  /** Holds what one sharder sends to one member, then lets it through. */
  z.strictObject({ kind: z.literal('clog'), ...span, ...member, sharder: whole(0, 100) }),
  z.strictObject({
    kind: z.literal('bad_network'),
    ...span,
    loss: chance,
    duplicate: chance,
    reorder: chance,
  }),
  z.strictObject({ kind: z.literal('stall_disk'), ...span, ...member }),
  z.strictObject({ kind: z.literal('kill_view_server'), ...span, viewServer: whole(0, 100) }),
  z.strictObject({ kind: z.literal('pause_view_server'), ...span, viewServer: whole(0, 100) }),
  /** Cuts a view server off from all members of one shard. */
  z.strictObject({
    kind: z.literal('cut_view_server'),
    ...span,
    viewServer: whole(0, 100),
    shard: whole(0, 100),
  }),
  /** Strikes the mover that first enters a phase of a move after `atMs`, or the shards of that move, or a leader of theirs. */
  z.strictObject({
    kind: z.literal('strike_phase'),
    ...span,
    phase: z.enum(strikablePhases),
    what: z.enum(strikeKinds),
    /** Milliseconds from the entry to the strike. */
    afterMs: whole(0, 5000).default(0),
    /** Strikes this many entries, one after the other. */
    times: whole(1, 10).default(1),
    /** The strike ends early when a mover enters this phase of the move. */
    until: z.enum(strikablePhases).nullable().default(null),
  }),
  /** The members of a shard end every watch, again and again. */
  z.strictObject({
    kind: z.literal('break_watches'),
    ...span,
    shard: whole(0, 100),
    everyMs: whole(1, 5000),
  }),
  /** The members of a shard tell their watches nothing, and send everything at the end. */
  z.strictObject({ kind: z.literal('mute_watches'), ...span, shard: whole(0, 100) }),
  /** The members of a shard do not tell the watches of slots about one revision of so many (etcd 17529). */
  z.strictObject({
    kind: z.literal('lossy_watches'),
    ...span,
    shard: whole(0, 100),
    oneIn: whole(1, 100),
  }),
  /** Answers of the members of a shard do not reach the sharders; requests of the sharders arrive. */
  z.strictObject({ kind: z.literal('lose_replies'), ...span, shard: whole(0, 100) }),
  /** Two shards have swapped their addresses. */
  z.strictObject({ kind: z.literal('swap_addresses'), ...span, shard: whole(0, 100), other: whole(0, 100) }),
  /** One address of a shard leads to a member of another one; `forGood`: nothing heals that, and it is the shard's first address. */
  z.strictObject({
    kind: z.literal('stray_address'),
    ...span,
    ...member,
    other: whole(0, 100),
    forGood: z.boolean(),
  }),
  /** A shard has room for so many more bytes, and gets more room when the fault ends. */
  z.strictObject({
    kind: z.literal('fill_shard'),
    ...span,
    shard: whole(0, 100),
    bytes: whole(0, 1_000_000),
  }),
  /** Keys that nobody else uses take all of a shard's quota but so many bytes; at the end they are deleted, and compacted. */
  z.strictObject({
    kind: z.literal('crowd_shard'),
    ...span,
    shard: whole(0, 100),
    leftBytes: whole(0, 1_000_000),
  }),
  /**
   * A member of a shard of several loses its disk, and a new one replaces it. `behindMs`: others were away before; when the disk
   * has been lost they come back, and the rest are away until the end.
   */
  z.strictObject({
    kind: z.literal('lose_disk'),
    ...span,
    ...member,
    behindMs: whole(0, 10_000).default(0),
    repairAfterMs: whole(0, 20_000).default(0),
  }),
  /**
   * One more member joins a shard, stays a learner for `learnsMs`, and leaves at the end. `withLeader`: while it learns, it and
   * the leader are cut off from the other members, and not from clients.
   */
  z.strictObject({
    kind: z.literal('grow_shard'),
    ...span,
    shard: whole(0, 100),
    learnsMs: whole(0, 10_000).default(0),
    withLeader: z.boolean().default(false),
  }),
  /**
   * Messages of the others to a shard's leader arrive a second time, so much later. After a while that leader and one sharder are
   * split from all others, which the other sharders ask from the beginning: the copies then meet the leader of an earlier term.
   */
  z.strictObject({
    kind: z.literal('late_copies'),
    ...span,
    shard: whole(0, 100),
    sharder: whole(0, 100),
    splitAfterMs: whole(0, 10_000),
    delayMs: whole(1, 10_000),
  }),
  /** One member, or all of a shard's, answer some requests in an odd way (sim/etcd/odd-answers.ts). */
  z.strictObject({
    kind: z.literal('odd_answers'),
    ...span,
    shard: whole(0, 100),
    member: whole(0, 100).nullable(),
    answer: z.enum(oddAnswerNames),
    percent: whole(1, 100),
    /** The delay of answers that are late. */
    delayMs: whole(1, 30_000),
  }),
  /** A shard compacts its history, as etcd does every so often. */
  z.strictObject({ kind: z.literal('compact'), atMs: span.atMs, shard: whole(0, 100) }),
  z.strictObject({
    kind: z.literal('clock_step'),
    atMs: span.atMs,
    sharder: whole(0, 100),
    stepMs: whole(1, 10_000),
  }),
  z.strictObject({
    kind: z.literal('clock_drift'),
    ...span,
    sharder: whole(0, 100),
    drift: z.number().min(-0.05).max(0.05),
  }),
]);

const change = z.discriminatedUnion('kind', [
  /** The slot of a key goes to another shard, or is to return after so long. */
  z.strictObject({
    kind: z.literal('move'),
    atMs: span.atMs,
    key: whole(0, 100),
    to: whole(0, 100),
    abortAfterMs: whole(0, 10_000).nullable(),
  }),
  /** Every shard gets the same share of slots, a share by weight, or the same share of drawn loads. */
  z.strictObject({
    kind: z.literal('rebalance'),
    atMs: span.atMs,
    by: z.enum(['slots', 'weights', 'loads']).default('slots'),
  }),
  /** A new shard joins and gets its share. */
  z.strictObject({ kind: z.literal('add_shard'), atMs: span.atMs }),
  /** A shard other than the home shard gives everything away and leaves. */
  z.strictObject({ kind: z.literal('remove_shard'), atMs: span.atMs, shard: whole(0, 100) }),
]);

const schema = z.strictObject({
  format: z.literal(1),
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  topology: z.strictObject({
    shards: whole(1, 5),
    members: z.union([z.literal(1), z.literal(3), z.literal(5)]),
    /** The release of etcd, the same on all shards. */
    release: z.enum(releaseNames).default('3.4'),
    sharders: whole(1, 5),
    /** They know nothing of each other: no lease decides which of them is the leader. */
    viewServers: whole(1, 2),
    /** etcd's --pre-vote: off by default in 3.4, on from 3.5. */
    preVote: z.boolean(),
    disk: z.enum(['nvme', 'pd-ssd', 'slow']),
    network: z.enum(['same_host', 'same_zone', 'cross_zone']),
    /** The members send the events of watches so much later than their answers: etcd promises no more. */
    watchLagMs: whole(0, 1000).default(0),
    /** The most that each view server copies; null: as fast as it can. */
    keysPerSecondMax: whole(1, 1_000_000).nullable().default(null),
    /** etcd's --auto-compaction-retention: etcd compacts, every so often, what is older than this. Null: never by itself. */
    retentionMs: whole(10, 60_000).nullable().default(null),
    /** etcd's --quota-backend-bytes; null: none that the run ever reaches. */
    quotaBytes: whole(65_536, 100_000_000).nullable().default(null),
    /** etcd's --snapshot-catchup-entries: a member that lags by more gets a snapshot. Null: all entries are kept. */
    keptEntries: whole(1, 100_000).nullable().default(null),
    /** etcd's --max-txn-ops. */
    maxTxnOps: whole(4, 10_000).default(1024),
  }),
  workload: z.strictObject({
    clients: whole(1, 20),
    /** The number of operations of all clients together. */
    operations: whole(1, 5000),
    keys: whole(1, 100),
    /** Keys share so many slots; 0: each has one of its own. */
    tags: whole(0, 100).default(0),
    /** `extreme`: among them keys of one character, of the largest size, and of characters of three bytes. */
    keyStyle: z.enum(['plain', 'extreme']).default('plain'),
    /** Sizes of values, each equally likely; the very first value is empty unless all have 4 bytes. */
    valueBytes: z.array(whole(4, 1_048_576)).min(1).max(10).default([4]),
    /** Moments at which so many requests come at once, for keys of one slot: more than its shard carries out in time. */
    crowds: z
      .array(z.strictObject({ atMs: whole(0, 60_000), requests: whole(1, 1000) }))
      .max(3)
      .default([]),
    /** Shares of the kinds of operation; they need not add up to anything. */
    mix: z.strictObject({
      get: whole(0, 100),
      put: whole(0, 100),
      delete: whole(0, 100),
      cas: whole(0, 100),
      burst: whole(0, 100),
      /** Writes with a condition of any kind, true or not. */
      conditional: whole(0, 100).default(0),
      /** Requests of several operations of any kind. */
      batch: whole(0, 100).default(0),
    }),
  }),
  limits: sharderLimits,
  moverLimits,
  /** The changes that an operator asks of the view servers. */
  moves: z.array(change).max(20),
  faults: z.array(fault).max(50),
  budgets: z.strictObject({
    /** Clients work and faults strike until this moment; then everything is healed. */
    faultsUntilMs: whole(1, 60_000),
    /** The system must serve again within this time after it. */
    convergeMs: whole(1, 60_000),
  }),
});

export type Scenario = z.output<typeof schema>;
export type Fault = z.output<typeof fault>;
export type Change = z.output<typeof change>;
export type FaultKind = Fault['kind'];

/** Every kind of fault there is. */
export const faultKinds: readonly FaultKind[] = fault.options.map((option) => option.shape.kind.value);

export class ScenarioError extends UsageError {
  override name = 'ScenarioError';
}

/** @throws ScenarioError with one sentence that names the field. */
export function parseScenario(raw: unknown): Scenario {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new ScenarioError(`scenario: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
}
