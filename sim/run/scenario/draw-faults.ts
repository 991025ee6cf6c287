/** Faults as they are drawn. */
import fc from 'fast-check';
import { oddAnswerNames } from '../../etcd/odd-answers.ts';
import { strike } from './draw-strikes.ts';
import type { Fault } from './scenario.ts';

/** Faults strike and clients work until this moment. */
export const faultsUntilMs = 20_000;

export const target = fc.nat({ max: 5 });
// The first second is for the first elections and for the sharders to get ready.
export const atMs = fc.integer({ min: 1000, max: faultsUntilMs - 1000 });
/** A waiter gives up on a part that has stopped after about so long: attempts, elections, hand-overs, operations. */
const timeoutsMs = [1000, 2000, 3000, 5000];
/** Around a timeout, either side matters; longer than a sharder's operation timeout now and then. */
const forMs = fc.oneof(
  fc.integer({ min: 50, max: 3000 }),
  fc.integer({ min: 3000, max: 9000 }),
  fc
    .tuple(fc.constantFrom(...timeoutsMs), fc.integer({ min: -150, max: 300 }))
    .map(([timeoutMs, moreMs]) => timeoutMs + moreMs),
);
const span = { atMs, forMs };
const member = { shard: target, member: target };

const kill = fc.record({
  kind: fc.constant('kill_member' as const),
  ...span,
  ...member,
  power: fc.boolean(),
});
const killLeader = fc.record({
  kind: fc.constant('kill_leader' as const),
  ...span,
  shard: target,
  power: fc.boolean(),
});
const pauseLeader = fc.record({ kind: fc.constant('pause_leader' as const), ...span, shard: target });
const isolate = fc.record({
  kind: fc.constant('isolate_leader' as const),
  ...span,
  shard: target,
  clientsReachIt: fc.boolean(),
});

const oddAnswers = fc.record({
  kind: fc.constant('odd_answers' as const),
  ...span,
  shard: target,
  member: fc.option(target, { freq: 3 }),
  answer: fc.constantFrom(...oddAnswerNames),
  percent: fc.constantFrom(100, 50, 10),
  // Around the limits of one attempt: of a search for the leader, a read, a write, an operation.
  delayMs: fc.oneof(fc.constantFrom(490, 990, 1010, 2990, 3010, 5010), fc.integer({ min: 100, max: 6000 })),
});

export const fault: fc.Arbitrary<Fault> = fc.oneof(
  oddAnswers,
  oddAnswers,
  kill,
  killLeader,
  killLeader,
  pauseLeader,
  isolate,
  isolate,
  fc.record({ kind: fc.constant('split' as const), ...span, shard: target, sharder: target }),
  fc.record({
    kind: fc.constant('flap' as const),
    ...span,
    shard: target,
    everyMs: fc.integer({ min: 20, max: 400 }),
  }),
  fc.record({
    kind: fc.constant('kill_voters' as const),
    ...span,
    shard: target,
    everyMs: fc.integer({ min: 100, max: 2000 }),
  }),
  fc.record({ kind: fc.constant('pause_member' as const), ...span, ...member }),
  fc.record({ kind: fc.constant('power_cycle' as const), ...span, shard: target }),
  fc.record({ kind: fc.constant('kill_sharder' as const), ...span, sharder: target }),
  fc.record({ kind: fc.constant('pause_sharder' as const), ...span, sharder: target }),
  fc.record({
    kind: fc.constant('cut' as const),
    ...span,
    ...member,
    sharder: target,
    towardsMember: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('clog' as const), ...span, ...member, sharder: target }),
  fc.record({
    kind: fc.constant('bad_network' as const),
    ...span,
    loss: fc.integer({ min: 0, max: 10 }).map((percent) => percent / 100),
    duplicate: fc.integer({ min: 0, max: 10 }).map((percent) => percent / 100),
    reorder: fc.integer({ min: 0, max: 20 }).map((percent) => percent / 100),
  }),
  fc.record({ kind: fc.constant('stall_disk' as const), ...span, ...member }),
  fc.record({ kind: fc.constant('kill_view_server' as const), ...span, viewServer: target }),
  fc.record({ kind: fc.constant('pause_view_server' as const), ...span, viewServer: target }),
  fc.record({ kind: fc.constant('cut_view_server' as const), ...span, viewServer: target, shard: target }),
  strike(atMs),
  fc.record({ kind: fc.constant('swap_addresses' as const), ...span, shard: target, other: target }),
  fc.record({
    kind: fc.constant('stray_address' as const),
    ...span,
    ...member,
    other: target,
    forGood: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('fill_shard' as const),
    ...span,
    shard: target,
    bytes: fc.integer({ min: 0, max: 2000 }),
  }),
  fc.record({ kind: fc.constant('compact' as const), atMs, shard: target }),
  fc.record({
    kind: fc.constant('break_watches' as const),
    ...span,
    shard: target,
    everyMs: fc.integer({ min: 5, max: 500 }),
  }),
  fc.record({ kind: fc.constant('lose_replies' as const), ...span, shard: target }),
  fc.record({
    kind: fc.constant('clock_step' as const),
    atMs,
    sharder: target,
    stepMs: fc.integer({ min: 1, max: 2000 }),
  }),
  fc.record({
    kind: fc.constant('clock_drift' as const),
    ...span,
    sharder: target,
    drift: fc.integer({ min: -20, max: 20 }).map((thousandths) => thousandths / 1000),
  }),
);

const minorityFault = fc.oneof(
  fc.record({ kind: fc.constant('kill_member' as const), ...member, power: fc.boolean() }),
  fc.record({ kind: fc.constant('kill_leader' as const), shard: target, power: fc.boolean() }),
  fc.record({ kind: fc.constant('pause_leader' as const), shard: target }),
  fc.record({ kind: fc.constant('pause_member' as const), ...member }),
);
/** Members fail one after the other, with time in between to catch up. */
const minorityEveryMs = 6000;
const minorityForMs = fc.integer({ min: 500, max: 3500 });

/** Members that fail one at a time. */
export const minorityFaults: fc.Arbitrary<Fault[]> = fc
  .array(fc.tuple(minorityFault, minorityForMs), { minLength: 1, maxLength: 3, size: 'max' })
  .map((list) =>
    list.map(([each, lastsMs], index) => ({ ...each, atMs: 1000 + index * minorityEveryMs, forMs: lastsMs })),
  );
