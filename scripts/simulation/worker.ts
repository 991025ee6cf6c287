/** One process of the simulator: does one piece of work, reports its progress to its parent, and exits. */
import { runScenario } from '../../sim/run/run-scenario.ts';
import { scenarioOfSeed } from '../../sim/run/scenario/scenario-arbitrary.ts';
import type { Scenario } from '../../sim/run/scenario/scenario.ts';
import {
  type Failure,
  judgeScenario,
  newProgress,
  type Progress,
  searchFailure,
} from '../../sim/run/search-failure.ts';
import { StrayErrors } from '../../sim/run/stray-errors.ts';

/**
 * - `search`: draws scenarios from one seed and shrinks the first that fails.
 * - `seeds`: runs the scenarios of consecutive seeds and reports each that fails, unshrunk.
 * - `hashes`: the hashes of the runs of consecutive seeds.
 * - `replay`: one scenario, twice.
 */
export type Work =
  | { kind: 'search'; seed: number; runs: number; twice: boolean; shrinkRunsMax?: number }
  | { kind: 'seeds'; from: number; to: number; step: number }
  | { kind: 'hashes'; from: number; to: number }
  | { kind: 'replay'; scenario: Scenario };

export type WorkReport =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'failure'; failure: Failure }
  | { kind: 'hashes'; hashes: string[] }
  | { kind: 'done'; progress: Progress };

/** Failures that one worker reports of its seeds before it gives up. */
const failuresMax = 10;
const progressEveryRuns = 10;

process.once('message', (work: Work) => void perform(work).then(() => process.disconnect()));

// A rejected promise that the simulated code has left behind is a failure of that code: it must be reported.
const strays = new StrayErrors();
process.on('unhandledRejection', (reason) => strays.note(reason));

const send = (report: WorkReport) => process.send!(report);

async function perform(work: Work): Promise<void> {
  switch (work.kind) {
    case 'search':
      return search(work);
    case 'seeds':
      return runSeeds(work);
    case 'replay': {
      const progress = newProgress();
      const found = await judgeScenario(work.scenario, { twice: true, progress, strays });
      if (found !== null) send({ kind: 'failure', failure: { ...found, runsBefore: 0 } });
      send({ kind: 'done', progress });
      return;
    }
    case 'hashes': {
      const hashes: string[] = [];
      for (let seed = work.from; seed <= work.to; seed++)
        hashes.push((await runScenario(scenarioOfSeed(seed))).hash);
      send({ kind: 'hashes', hashes });
      return;
    }
  }
}

async function search(work: Extract<Work, { kind: 'search' }>): Promise<void> {
  let last = newProgress();
  const onProgress = (progress: Progress) => {
    last = progress;
    if (progress.runs % progressEveryRuns === 0) send({ kind: 'progress', progress });
  };
  const failure = await searchFailure({ ...work, onProgress, strays });
  if (failure !== null) send({ kind: 'failure', failure });
  send({ kind: 'done', progress: last });
}

async function runSeeds({ from, to, step }: Extract<Work, { kind: 'seeds' }>): Promise<void> {
  const progress = newProgress();
  let failures = 0;
  for (let seed = from; seed <= to && failures < failuresMax; seed += step) {
    const found = await judgeScenario(scenarioOfSeed(seed), { twice: false, progress, strays });
    if (found !== null) {
      failures++;
      send({ kind: 'failure', failure: { ...found, runsBefore: progress.runs - 1 } });
    }
    if (progress.runs % progressEveryRuns === 0) send({ kind: 'progress', progress });
  }
  send({ kind: 'done', progress });
}
