/** Ways to break how members are lost, join and leave: in the simulated Raft, and in an operator's command. */
import type { SeededBug } from './seeded-bug.ts';

const bugs = 'sim/etcd/sim-bugs.ts';
const lost = [
  'ownership',
  'linearizable',
  'acknowledged_applied',
  'versions_rise',
  'versions_name_values',
] as const;

export const memberBugs: readonly SeededBug[] = [
  {
    name: 'a member that lost its disk rejoins as a voter',
    // The votes of the member are lost, too.
    shows: [...lost, 'one_leader_per_term'],
    file: bugs,
    changes: [{ find: 'rejoinsWithoutDisk: false,', replace: 'rejoinsWithoutDisk: true,' }],
    runsMax: 300,
  },
  {
    name: 'a learner counts as a voter',
    shows: lost,
    file: bugs,
    changes: [{ find: 'learnersCount: false,', replace: 'learnersCount: true,' }],
    runsMax: 600,
  },
  {
    name: 'entries applied again after a snapshot',
    shows: [...lost, 'indefinite_at_most_once'],
    file: bugs,
    changes: [{ find: 'snapshotOmitsApplied: false,', replace: 'snapshotOmitsApplied: true,' }],
    runsMax: 300,
  },
  {
    name: 'reads confirmed by late copies (etcd 20418)',
    shows: ['linearizable', 'versions_rise'],
    file: bugs,
    changes: [{ find: 'readsByCallersNumber: false,', replace: 'readsByCallersNumber: true,' }],
    runsMax: 3000,
  },
];
