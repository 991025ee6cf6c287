/** Known ways to break the moves of slots, and the sharders' part in them. */
import { believed } from './believed.ts';
import { losesEvents } from './watch-bugs.ts';
import type { SeededBug } from './seeded-bug.ts';

/** A drain that does not wait has no revision of a marker: the versions alone must not reveal the bug. */
const guessedOffset = {
  find: 'state.versionOffset + tail.markedRevision(slot)',
  replace: 'state.versionOffset + 1_000_000',
};
const fenceCompare =
  "compare: [{ key, target: 'mod_revision', result: 'equal', operand: fence.modRevision }],";

export const moveBugs: readonly SeededBug[] = [
  {
    name: 'activate before drain',
    shows: ['handed_over', 'linearizable'],
    file: 'cluster/resharding/hand-over.ts',
    changes: [{ find: 'while (!tail.areAllMarked) {', replace: 'while (false) {' }, guessedOffset, believed],
    runsMax: 300,
  },
  {
    name: 'freeze without marker',
    shows: ['handed_over', 'linearizable'],
    file: 'cluster/resharding/hand-over.ts',
    changes: [
      {
        find: 'records.replaceFence(source, record, markers)',
        replace: 'records.replaceFence(source, record)',
      },
      {
        find: 'while (!tail.areAllMarked) {',
        replace: 'while (tail.lag > 0) { await this.writeTail(); continue;',
      },
      guessedOffset,
      believed,
    ],
    runsMax: 300,
  },
  {
    name: 'deletes not tailed',
    shows: ['handed_over', 'linearizable'],
    file: 'cluster/resharding/source/source-tail.ts',
    changes: [
      {
        find: "this.gathered.set(kv.key, type === 'delete' ? null : kv.value);",
        replace: "if (type === 'put') this.gathered.set(kv.key, kv.value);",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'what is said of a page by the time of a later one is dropped',
    shows: ['handed_over', 'linearizable'],
    file: 'cluster/resharding/source/copied-pages.ts',
    changes: [
      {
        find: 'this.isAll ? this.newest : (this.revisions[this.pageOf(key)] ?? this.newest)',
        replace: 'this.newest',
      },
      believed,
    ],
    runsMax: 300,
  },
  {
    name: 'the last writes proven by their number alone, of a watch that loses some',
    shows: ['handed_over', 'linearizable', 'acknowledged_applied', 'ownership'],
    file: 'cluster/resharding/tail-proof.ts',
    changes: [
      {
        find: 'tail.record.differenceTo(said)',
        replace: `tail.record.differenceTo({
      count: said.count,
      changed: [...tail.record.said].filter(([, { isThere }]) => isThere).map(([key, { revision }]) => ({ key, modRevision: revision })),
    })`,
      },
      losesEvents,
    ],
    runsMax: 600,
  },
  {
    name: 'source unfrozen before the destination gives up',
    shows: ['ownership'],
    file: 'cluster/resharding/move-driver.ts',
    changes: [
      {
        find: 'const claim = await records.alone(',
        replace: `const early = await records.readFence(move.from);
    if (move.slots.some((slot) => isFrozenBy(move, early.record.slots[slot]))) await this.takeBack(move, early);
    const claim = await records.alone(`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'fence by view epoch only',
    shows: ['ownership'],
    file: 'sharder/core/transaction.ts',
    changes: [
      { find: fenceCompare, replace: 'compare: [],' },
      {
        file: 'sharder/core/store.ts',
        find: 'this.route = [...view.slots];',
        replace:
          'this.route = [...view.slots]; for (const shard of this.shards.values()) shard.fences.known = null;',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a late write accepted by the source after the hand-over',
    shows: ['ownership'],
    file: 'sharder/core/transaction.ts',
    changes: [
      {
        find: fenceCompare,
        replace: `compare: batch[0].operation.kind === 'get'
      ? [{ key, target: 'mod_revision', result: 'equal', operand: fence.modRevision }] : [],`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'tombstone dropped early',
    shows: ['ownership'],
    file: 'cluster/resharding/move-driver.ts',
    changes: [
      {
        find: "{ kind: 'moved', epoch: state.epoch + 1, to: move.to } : state,",
        replace: 'undefined : state,',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'version offset not raised',
    shows: ['ownership'],
    file: 'cluster/resharding/hand-over.ts',
    changes: [{ find: 'state.versionOffset + tail.markedRevision(slot)', replace: 'state.versionOffset' }],
    runsMax: 300,
  },
  {
    name: 'a zombie mover not fenced',
    // The mover overwrites a newer value, which is lost, with one that was applied before: whichever shard owns the slot.
    shows: ['ownership', 'handed_over', 'linearizable', 'indefinite_at_most_once'],
    file: 'cluster/resharding/records/fenced-writer.ts',
    changes: [{ find: fenceCompare, replace: 'compare: [],' }],
    runsMax: 300,
  },
  {
    name: 'clean before publish',
    shows: ['ownership'],
    file: 'cluster/resharding/move-driver.ts',
    changes: [
      {
        find: "this.enter('publish');",
        replace: "await records.alone(move.from, () => this.leaveTombstones(move)); this.enter('publish');",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'an abort that leaves the freeze of another mover to come',
    shows: ['ownership'],
    file: 'cluster/resharding/move-driver.ts',
    changes: [
      {
        find: 'async () => this.takeBack(move, await records.readFence(move.from))',
        replace: `async () => {
      const now = await records.readFence(move.from);
      if (move.slots.some((slot) => isFrozenBy(move, now.record.slots[slot]))) await this.takeBack(move, now);
    }`,
      },
    ],
    runsMax: 1000,
  },
  {
    name: 'a move ended in the view before the source has its tombstone',
    shows: ['model'],
    file: 'cluster/resharding/move-driver.ts',
    changes: [
      {
        find: "this.enter('clean');",
        replace: "await records.updateView((view) => withoutMove(view, move.id)); this.enter('clean');",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'an abort ended in the view before the destination gives up',
    shows: ['model'],
    file: 'cluster/resharding/move-driver.ts',
    changes: [
      {
        find: 'await records.alone(move.to, () => this.giveUp(move, source.record));',
        replace: `await records.updateView((view) => withoutMove(view, move.id));
    await records.alone(move.to, () => this.giveUp(move, source.record));`,
      },
    ],
    runsMax: 300,
  },
  {
    name: 'slots that are not cleared before they are filled',
    shows: ['handed_over'],
    file: 'cluster/resharding/hand-over.ts',
    changes: [{ find: 'await clearSlots(context, move.slots, claim.writer);', replace: '' }],
    runsMax: 300,
  },
  {
    name: 'weights that are forgotten',
    shows: ['balance'],
    file: 'cluster/resharding/plan/plan-moves.ts',
    changes: [{ find: 'weights?.get(id) ?? 1', replace: '1' }],
    runsMax: 300,
  },
  {
    name: 'loads that are left uneven',
    shows: ['balance'],
    file: 'cluster/resharding/plan/balance-loads.ts',
    changes: [{ find: '(tolerance * total * weightOf(from))', replace: '(total * weightOf(from))' }],
    runsMax: 600,
  },
  {
    name: 'a stop that points nowhere',
    shows: ['ownership'],
    file: 'cluster/resharding/source-probe.ts',
    changes: [{ find: 'move: move.id, to: move.to };', replace: 'move: move.id, to: move.from };' }],
    runsMax: 300,
  },
  {
    name: 'a view that is not asked for by whoever needs it',
    shows: ['available'],
    file: 'sharder/core/store.ts',
    changes: [{ find: 'this.refreshedAtMs = clock.nowMs();\n    void this.refreshView();', replace: '' }],
    // The watches of the view are mute in one scenario in five.
    runsMax: 1500,
  },
  {
    name: 'a hand-over that is not proven',
    shows: ['handed_over'],
    file: 'cluster/resharding/tail-proof.ts',
    changes: [believed],
    runsMax: 600,
  },
  {
    name: 'the original: delete, hold in memory, set',
    // It loses writes, whether or not the slot is without an owner meanwhile.
    shows: ['handed_over', 'linearizable', 'ownership'],
    file: 'cluster/resharding/hand-over.ts',
    changes: [{ find: null, replace: 'test/property/seeded-bugs/original-hand-over.ts' }],
    runsMax: 10,
    // Of the first ten scenarios of seed 1, half move nothing at all.
    seed: 2,
  },
];
