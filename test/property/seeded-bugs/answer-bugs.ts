/** Ways to break single answers, memory, requests in flight, and a mover's handling of a call that fails. */
import type { SeededBug } from './seeded-bug.ts';

const transaction = 'sharder/core/transaction.ts';

export const answerBugs: readonly SeededBug[] = [
  {
    name: 'a condition that is off by one',
    shows: ['conditions'],
    file: transaction,
    changes: [
      {
        find: 'return version - offset < 1 ? -1 : version - offset;',
        replace: 'return version - offset <= 1 ? -1 : version - offset + (offset > 0 ? 1 : 0);',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a stale version taken for none',
    shows: ['conditions'],
    file: transaction,
    changes: [
      {
        find: 'return version - offset < 1 ? -1 : version - offset;',
        replace: 'return version - offset < 1 ? 0 : version - offset;',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a current version of before the move',
    shows: ['versions_rise', 'conditions', 'versions_name_values'],
    file: transaction,
    changes: [
      {
        find: 'currentVersion: current ? current.modRevision + offset : null',
        replace: 'currentVersion: current ? current.modRevision : null',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a version of creation of before the move',
    shows: ['versions_rise', 'versions_name_values'],
    file: transaction,
    changes: [
      { find: 'createdVersion: kv.createRevision + offset', replace: 'createdVersion: kv.createRevision' },
    ],
    runsMax: 300,
  },
  {
    name: 'a condition that the key is there, forgotten',
    shows: ['conditions'],
    file: transaction,
    changes: [
      { find: "case 'exists':\n      return [exists];", replace: "case 'exists':\n      return [];" },
    ],
    runsMax: 300,
  },
  {
    name: 'the last of several versions forgotten',
    shows: ['conditions', 'linearizable'],
    file: transaction,
    changes: [
      {
        find: "return versions('not_equal', condition.versions);\n    case 'none_of'",
        replace: "return versions('not_equal', condition.versions.slice(0, -1));\n    case 'none_of'",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a second transaction with a key of the stuck one',
    shows: ['keys_apart'],
    file: 'sharder/core/lane.ts',
    changes: [{ find: 'new Set(heldKeys)', replace: 'new Set()' }],
    runsMax: 300,
  },
  {
    name: 'a stuck write that is put back into its lane',
    // What is back in its lane ends as a definite failure at its deadline, though its first sending may have been applied.
    shows: ['indefinite_at_most_once', 'linearizable', 'definite_failures_never_applied'],
    file: 'sharder/core/shard.ts',
    changes: [
      {
        find: 'flight.isStuck = true;',
        replace: 'flight.isStuck = true;\n      lane.putBack(batch);',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'held operations that are counted for ever',
    shows: ['at_rest', 'bounds'],
    file: 'sharder/core/holding-pen.ts',
    changes: [{ find: 'this.count -= waiting.length - inTime.length;', replace: '' }],
    runsMax: 300,
  },
  {
    name: 'a watch of the view that is not opened again',
    shows: ['at_rest'],
    file: 'sharder/core/view-watch.ts',
    changes: [{ find: 'this.after(this.pauseMs, () => this.open());', replace: '' }],
    runsMax: 1500,
  },
  {
    name: 'a watch of the source that is left open',
    shows: ['at_rest'],
    file: 'cluster/resharding/source/source-tail.ts',
    changes: [{ find: 'this.isClosed = true;\n    this.cancel?.();', replace: 'this.isClosed = true;' }],
    runsMax: 300,
  },
  {
    name: 'a write of the mover taken for done',
    shows: ['handed_over', 'linearizable', 'ownership'],
    file: 'cluster/resharding/records/fenced-writer.ts',
    changes: [
      {
        find: "if (outcome.kind === 'unknown') return 'unknown';",
        replace: "if (outcome.kind === 'unknown') return 'done';",
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a copy that swallows a refusal',
    shows: ['handed_over', 'linearizable', 'ownership'],
    file: 'cluster/resharding/records/fenced-writer.ts',
    changes: [
      {
        find: "if (outcome.kind !== 'not_applied')\n        throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);",
        replace: "if (outcome.kind !== 'not_applied') return 'done';",
      },
    ],
    runsMax: 300,
  },
  {
    name: 'writes of the copy that are not waited for',
    shows: ['handed_over', 'linearizable'],
    file: 'cluster/resharding/hand-over.ts',
    changes: [
      { find: 'finally {\n      await window.settled();', replace: 'finally {' },
      // Without this pause most writes would be made before the hand-over all the same.
      {
        find: 'await claim.writer.write(chunk);\n            progress',
        replace:
          'await pause(clock, 1000);\n            await claim.writer.write(chunk);\n            progress',
      },
    ],
    runsMax: 300,
  },
  {
    name: 'a late write of the mover over a newer one',
    shows: ['handed_over', 'linearizable', 'thrift'],
    file: 'cluster/resharding/records/fenced-writer.ts',
    changes: [{ find: "if (outcome === 'unknown') await this.renewFrom(fence);", replace: '' }],
    runsMax: 3000,
  },
];
