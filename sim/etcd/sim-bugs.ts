import type { RaftBugs } from '../raft/state.ts';

/** Negative controls: each breaks one promise that linearizability rests on. All are off unless a test asks for them. */
export interface SimBugs extends RaftBugs {
  /** A member acknowledges entries and votes before they are on disk; a power failure then loses them. */
  ackBeforeFsync: boolean;
  /** A restarted member does not know whom it voted for in the present term, and may vote again. */
  forgetVoteOnRestart: boolean;
  /** A member that lost its disk starts on an empty one under its old number, and not as a new node. */
  rejoinsWithoutDisk: boolean;
  /** A learner gets its vote even if it has little of the log. */
  promotesAtOnce: boolean;
}

export const noBugs: SimBugs = {
  ackBeforeFsync: false,
  readWithoutReadIndex: false,
  readsByCallersNumber: false,
  forgetVoteOnRestart: false,
  rejoinsWithoutDisk: false,
  learnersCount: false,
  snapshotOmitsApplied: false,
  promotesAtOnce: false,
};
