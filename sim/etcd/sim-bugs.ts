/** Negative controls: each breaks one promise that linearizability rests on. All are off unless a test asks for them. */
export interface SimBugs {
  /** A member acknowledges entries and votes before they are on disk; a power failure then loses them. */
  ackBeforeFsync: boolean;
  /** A leader answers reads without asking a quorum whether it still leads. */
  readWithoutReadIndex: boolean;
  /** A restarted member does not know whom it voted for in the present term, and may vote again. */
  forgetVoteOnRestart: boolean;
  /** A member that lost its disk starts on an empty one as who it was, and not as a new one. */
  rejoinsWithoutDisk: boolean;
  /** What a learner holds counts for what is committed. */
  learnersCount: boolean;
  /** A learner gets its vote however little of the log it has. */
  promotesAtOnce: boolean;
}

export const noBugs: SimBugs = {
  ackBeforeFsync: false,
  readWithoutReadIndex: false,
  forgetVoteOnRestart: false,
  rejoinsWithoutDisk: false,
  learnersCount: false,
  promotesAtOnce: false,
};
