/** Whether many runs together have shown anything: a single run may be poor because of its faults, but not all runs. */
import type { Progress } from './search-failure.ts';
import { oddAnswerNames } from '../etcd/odd-answers.ts';
import { releaseNames } from '../etcd/release.ts';
import { strikeNames } from './scenario/draw-strikes.ts';
import { faultKinds } from './scenario/scenario.ts';
import type { Violation } from './properties/violations.ts';

/** Below some hundred runs a kind of fault may be missing by chance. */
const runsMin = 300;
/** Of the 300 or so that a scenario has on average. */
const okOperationsMinPerRun = 200;
const movesMinPerRun = 1;
const abortsMinPerRun = 0.1;
/** This many runs together make each strike in each phase. */
const strikeRunsMin = 10_000;
/** This many runs together give each odd answer. */
const answerRunsMin = 2000;

/** What there was too little of; empty when the runs are too few to judge. */
export function vacuityOf({
  runs,
  operations,
  movesDone,
  movesAborted,
  movesUnproven,
  copiesOutlasting,
  faults,
  strikes,
  answers,
  releases,
  members,
}: Progress): Violation[] {
  if (runs < runsMin) return [];
  const silent = faultKinds.filter((kind) => (faults[kind] ?? 0) === 0);
  const unmet = oddAnswerNames.filter((name) => (answers[name] ?? 0) === 0);
  const unused = releaseNames.filter((name) => (releases[name] ?? 0) === 0);
  const unseen = Object.keys(members).filter((name) => members[name] === 0);
  const unstruck = strikeNames().filter((name) => (strikes[name] ?? 0) === 0);
  const complaints = [
    operations.ok > okOperationsMinPerRun * runs
      ? null
      : `only ${operations.ok} operations succeeded in ${runs} runs`,
    movesDone > movesMinPerRun * runs ? null : `only ${movesDone} moves were completed in ${runs} runs`,
    movesAborted > abortsMinPerRun * runs ? null : `only ${movesAborted} moves were undone in ${runs} runs`,
    copiesOutlasting > 0 ? null : `no copy took longer than etcd remembers in ${runs} runs`,
    movesUnproven === 0 ? null : `${movesUnproven} watches that told all were not believed`,
    runs < strikeRunsMin || unstruck.length === 0
      ? null
      : `strikes that never fell in ${runs} runs: ${unstruck.join(', ')}`,
    runs < answerRunsMin || unmet.length === 0
      ? null
      : `odd answers that never came in ${runs} runs: ${unmet.join(', ')}`,
    unseen.length === 0 ? null : `of members there was none of ${unseen.join(', ')} in ${runs} runs`,
    unused.length === 0 ? null : `releases of etcd that ${runs} runs never used: ${unused.join(', ')}`,
    silent.length === 0 ? null : `faults that never struck in ${runs} runs: ${silent.join(', ')}`,
  ];
  return complaints
    .filter((message) => message !== null)
    .map((message) => ({ property: 'vacuous', message }));
}
