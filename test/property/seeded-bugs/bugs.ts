/**
 * Known ways to break the system, each as a change of one place of the source. No switch for them exists in production
 * code: a loader hook changes the text of the file as it is imported, and refuses a bug whose place is no longer there.
 */
import { answerBugs } from './answer-bugs.ts';
import { memberBugs } from './member-bugs.ts';
import { moveBugs } from './move-bugs.ts';
import { watchBugs } from './watch-bugs.ts';
import type { SeededBug } from './seeded-bug.ts';

/** etcd serves a transaction without ReadIndex only when every range in it, of both branches, is serializable. */
const serializable = [
  {
    find: "return { kind: 'range', key };",
    replace: "return { kind: 'range', key, serializable: true };",
  },
  {
    find: "failure: [{ kind: 'range', key }],",
    replace: "failure: [{ kind: 'range', key, serializable: true }],",
  },
];

export const seededBugs: readonly SeededBug[] = [
  {
    name: 'serializable reads',
    shows: ['linearizable', 'versions_rise'],
    file: 'sharder/core/transaction.ts',
    changes: serializable,
    runsMax: 300,
  },
  {
    name: 'serializable reads, of any member',
    shows: ['linearizable', 'versions_rise'],
    file: 'sharder/core/transaction.ts',
    changes: [
      ...serializable,
      {
        file: 'sharder/etcd/client/shard-client.ts',
        find: 'const endpoint = this.overdue.detour(this.choice.current);',
        replace:
          'const any = this.choice.all[this.options.random.nextUint32() % this.choice.all.length]!;' +
          'const endpoint = this.overdue.detour(readOnly ? any : this.choice.current);',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'retry of a put after an indefinite outcome',
    shows: ['linearizable', 'indefinite_at_most_once'],
    file: 'sharder/etcd/client/shard-client.ts',
    changes: [
      {
        find: "if (!options.readOnly) return { kind: 'unknown', message: result.message, cause: result.cause };",
        replace: '',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'an overdue put sent again to the new leader',
    shows: ['linearizable', 'indefinite_at_most_once'],
    file: 'sharder/etcd/client/shard-client.ts',
    changes: [
      {
        find: "resolve({ endpoint, result: { kind: 'lost', message } }),",
        replace: "resolve({ endpoint, result: { kind: 'not_sent', message } }),",
      },
    ],
    runsMax: 300,
  },
  {
    name: '504 reported as definite failure',
    shows: ['definite_failures_never_applied'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: "settle(pending, { kind: 'unknown', message: outcome.message });",
        replace: "settle(pending, { kind: 'failed', code: 'unavailable', message: outcome.message });",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'missing fence compare',
    shows: ['ownership'],
    file: 'sharder/core/transaction.ts',
    changes: [
      {
        find: "compare: [{ key, target: 'mod_revision', result: 'equal', operand: fence.modRevision }],",
        replace: 'compare: [],',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'else-branch taken as success',
    shows: ['order_of_a_client', 'linearizable', 'versions_name_values'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: 'else this.learnFromRejection(state, fence, batch, outcome.reply);',
        replace: `else for (const pending of batch) {
      const version = outcome.reply.header.revision;
      const kind = pending.operation.kind;
      const result = kind === 'get' ? { kind, state: null, version }
        : kind === 'put' ? { kind, version, previous: null } : { kind, deleted: false, version, previous: null };
      settle(pending, { kind: 'ok', result, place: { shard: this.id, slot: pending.slot, epoch: 1 } });
    }`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'two writes to one key acknowledged with one version',
    shows: ['linearizable', 'acknowledged_applied', 'versions_name_values'],
    file: 'sharder/core/lane.ts',
    changes: [
      {
        find: '        rest.push(pending);',
        replace: `        const first = batch.find((other) => other.etcdKey === pending.etcdKey);
        const [settleFirst, settleThis] = [first.settle, pending.settle];
        first.settle = (outcome) => { settleFirst(outcome); settleThis(outcome); };
        this.leave(pending);`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'batch answers mapped to the wrong requests',
    shows: ['linearizable', 'versions_rise', 'versions_name_values'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: 'const applied = readApplied(reply, index, pending, fence);',
        replace: `const answer = pending.operation.kind === 'get' ? batch.length - 1 - index : index;
      const applied = readApplied(reply, answer, pending, fence);`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'deadline not enforced',
    shows: ['deadline'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: 'this.expiry.setTo(pending.deadlineAtMs);',
        replace: '',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'Raft that acknowledges before fsync',
    shows: ['ownership', 'versions_name_values', 'versions_rise', 'linearizable', 'acknowledged_applied'],
    file: 'sim/etcd/sim-bugs.ts',
    changes: [{ find: 'ackBeforeFsync: false,', replace: 'ackBeforeFsync: true,' }],
    runsMax: 2000,
  },
  {
    name: 'Raft leader that serves reads without ReadIndex',
    // Such a simulated leader was also seen to leave reads of its shard without an answer for good.
    shows: ['linearizable', 'versions_rise', 'liveness'],
    file: 'sim/etcd/sim-bugs.ts',
    changes: [{ find: 'readWithoutReadIndex: false,', replace: 'readWithoutReadIndex: true,' }],
    runsMax: 2000,
  },
  {
    name: 'a vote forgotten across restart',
    shows: ['one_leader_per_term'],
    file: 'sim/etcd/sim-bugs.ts',
    changes: [{ find: 'forgetVoteOnRestart: false,', replace: 'forgetVoteOnRestart: true,' }],
    // From seeds 1 to 4: not within 4000, 913, not for this reason within 1042, 75.
    seed: 4,
    runsMax: 1000,
  },
  {
    name: 'slot hash that differs between sharders',
    shows: ['versions_rise', 'linearizable', 'ownership'],
    file: 'sim/run/world/sim-sharder.ts',
    changes: [
      {
        find: 'hash: hashText,',
        replace: "hash: (text) => hashText(text) + (process.name === 'sharder-2' ? 400 : 0),",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'stale view used after a fence error',
    shows: ['ownership', 'epochs_rise'],
    file: 'sharder/core/fence-keeper.ts',
    changes: [
      {
        find: 'this.setFence(current);',
        replace: 'this.setFence(current && { record: fence.record, modRevision: current.modRevision });',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'unbounded queue',
    shows: ['bounds'],
    file: 'sharder/core/lane.ts',
    changes: [{ find: 'if (this.queue.length >= laneOperationsMax) return waitMs;', replace: '' }],
    runsMax: 300,
  },
  {
    name: 'an operation admitted that cannot end in time',
    shows: ['available'],
    file: 'sharder/core/lane.ts',
    changes: [
      {
        find: 'return waitMs > bound && !this.fitsNext(pending) ? waitMs : null;',
        replace: 'return null;',
      },
      { find: 'if (wasFull) this.dropLate(nowMs);', replace: '' },
    ],
    runsMax: 1500,
  },
  {
    name: 'an operation dropped that was sent',
    shows: ['definite_failures_never_applied'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: '    flights.end(flight);',
        replace: `    flights.end(flight);
    for (const pending of batch)
      if (pending.client?.gone) settle(pending, { kind: 'failed', code: 'abandoned', message: 'gone' });`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a full shard reported as a definite failure',
    shows: ['definite_failures_never_applied'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: "settle(pending, { kind: 'unknown', message, cause: 'no_space' });",
        replace: "settle(pending, { kind: 'failed', code: 'no_space', message });",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a sharder without a reserve',
    // A shard that has met the alarm takes no write until somebody takes the alarm back, and nobody does.
    shows: ['room', 'liveness'],
    file: 'sharder/core/reserve.ts',
    changes: [
      {
        find: 'return Math.min(reserveBytesMax, Math.floor(quotaBytes * reserveShare));',
        replace: 'return quotaBytes * 0;',
      },
    ],
    runsMax: 1000,
  },
  {
    name: 'gaps counted as room in use',
    shows: ['room'],
    file: 'sharder/core/room-keeper.ts',
    changes: [
      {
        find: 'inUseBytes: Math.max(...statuses.map(({ dbSizeInUseBytes }) => dbSizeInUseBytes)),',
        replace: 'inUseBytes: Math.max(...statuses.map(({ dbSizeBytes }) => dbSizeBytes)),',
      },
    ],
    runsMax: 1000,
  },
  {
    name: 'what was sent since the last answer not counted',
    shows: ['room', 'liveness'],
    file: 'sharder/core/room-keeper.ts',
    changes: [{ find: 'this.sent += bytes;', replace: '' }],
    runsMax: 1000,
  },
  {
    name: 'fence without identity',
    shows: ['ownership', 'linearizable', 'versions_rise'],
    file: 'sharder/core/fence.ts',
    changes: [
      {
        find: "return identity === undefined ? 'vase/shard' : `vase/shard/${identity}`;",
        replace: "return 'vase/shard';",
      },
    ],
    runsMax: 300,
  },
  ...memberBugs,
  ...moveBugs,
  ...watchBugs,
  ...answerBugs,
];
