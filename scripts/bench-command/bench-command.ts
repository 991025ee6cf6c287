/** Carries out `vase bench` and `vase bench report`: chooses or makes a run, shows its progress, and says what came out. */
import { basename } from 'node:path';
import { UsageError } from '../../cluster/errors.ts';
import type { Provider } from '../../cluster/providers/provider.ts';
import { chooseProvider } from '../context/choose-provider.ts';
import { listenForInterrupts } from '../context/interrupts.ts';
import { binaries, checkout } from '../context/places.ts';
import { createPrinter, type Printer, style } from '../terminal/printer.ts';
import { readEnvironment } from '../bench/run/environment.ts';
import { readPlan } from '../bench/records/plan-input.ts';
import {
  describeExpectation,
  judgeExpectations,
  type JudgedExpectation,
} from '../bench/analysis/expectations.ts';
import { type BenchOutcome, type BenchProgress, runBench, outcomeOf } from '../bench/run/run-bench.ts';
import type { BenchPlan, CellResult, Environment } from '../bench/records/run-data.ts';
import { changesSince } from '../bench/records/run-origin.ts';
import { pathOfRun, runsFolder } from './run-path.ts';
import { findUnfinished, newRunFolder, RunFolder } from '../bench/records/run-folder.ts';

export interface BenchFlags {
  plan: string;
  provider?: string;
  duration?: number;
  repeats?: number;
  resume?: string;
  json?: boolean;
}

/** Writes the report of a run anew, and says what came out, as the run itself did. */
export async function report(run: string, flags: { json?: boolean }): Promise<void> {
  const folder = new RunFolder(pathOfRun(run));
  const plan = folder.readPlan();
  tellOutcome(createPrinter({ json: flags.json === true }), plan, await outcomeOf(folder, plan));
}

/** Measures the cells that are left of a run, or a new run. Sets the exit code. */
export async function measure(flags: BenchFlags): Promise<void> {
  const printer = createPrinter({ json: flags.json === true });
  const { plan, folder, environment, resumed, notes } = await chooseRun(flags, printer);
  printer.progress(`${resumed ? 'Going on with' : 'Run'} ${folder.path}`, {
    event: 'started',
    folder: folder.path,
    resumed,
  });
  const { signal, release } = listenForInterrupts();
  try {
    const outcome = await runBench({
      plan,
      folder,
      environment,
      notes,
      createProvider: (root) => createProvider(plan, root),
      signal,
      onProgress: (progress) => tellProgress(printer, progress),
      onPredict: (fittedTests) =>
        printer.progress(`Predict what was measured, by the model fitted on ${fittedTests.join(', ')}`, {
          event: 'predicting',
          fittedTests,
        }),
    });
    tellOutcome(printer, plan, outcome);
  } finally {
    release();
  }
}

async function createProvider({ provider }: BenchPlan, root: string): Promise<Provider> {
  const wish = { provider, profile: undefined, checkout, binaries, stateRoot: root, makes: null };
  return (await chooseProvider(wish)).provider;
}

interface ChosenRun {
  plan: BenchPlan;
  folder: RunFolder;
  environment: Environment;
  resumed: boolean;
  /** Notes for the run's results. */
  notes: string[];
}

/** @throws UsageError */
async function chooseRun(flags: BenchFlags, printer: Printer): Promise<ChosenRun> {
  const { provider, duration, repeats, resume } = flags;
  if (resume !== undefined) {
    if (provider !== undefined || duration !== undefined || repeats !== undefined)
      throw new UsageError('--resume goes on with the plan of the run: no other setting goes with it');
    return resumeRun(new RunFolder(pathOfRun(resume)), printer);
  }
  const plan = readPlan(flags.plan, {
    ...(provider === undefined ? {} : { provider }),
    ...(duration === undefined ? {} : { duration }),
    ...(repeats === undefined ? {} : { repeats }),
  });
  const environment = await readEnvironment({ checkout, binaries }, plan);
  const unfinished = findUnfinished(runsFolder(), plan, environment);
  if (unfinished !== null && unfinished.changes.length === 0)
    return { plan, folder: unfinished.folder, environment, resumed: true, notes: [] };
  if (unfinished !== null) {
    const { folder, changes } = unfinished;
    printer.note(
      `A new run: ${folder.path} is not finished, but it was begun with something else (now: ${changes.join('; ')}). --resume ${basename(folder.path)} goes on with it all the same.`,
      { event: 'not-resumed', folder: folder.path, changes },
    );
  }
  return { plan, folder: newRunFolder(runsFolder(), plan), environment, resumed: false, notes: [] };
}

async function resumeRun(folder: RunFolder, printer: Printer): Promise<ChosenRun> {
  const plan = folder.readPlan();
  const environment = await readEnvironment({ checkout, binaries }, plan);
  const recorded = folder.readEnvironment();
  const changes = recorded === null ? [] : changesSince(recorded, environment);
  const notes =
    changes.length === 0
      ? []
      : [`The run was gone on with by something else than what it was begun with: ${changes.join('; ')}.`];
  for (const note of notes)
    printer.note(`${note} Its cells are hardly to be compared.`, { event: 'mixed', changes });
  return { plan, folder, environment, resumed: true, notes };
}

function tellProgress(printer: Printer, progress: BenchProgress): void {
  const { turn, phase, outcome, done, turns, secondsLeft } = progress;
  const { cell, repeat } = turn;
  const place = `${done + (outcome === null ? 1 : 0)} of ${turns}`;
  const name = `${cell.test}${repeat > 1 ? ` (repeat ${repeat})` : ''}`;
  const what =
    outcome === null ? phase : 'peak' in outcome ? describePeak(outcome) : `FAILED: ${outcome.failure}`;
  printer.progress(`${place}  ${name}: ${what}  ${describeTime(secondsLeft)} left`, {
    event: 'progress',
    test: cell.test,
    repeat,
    phase,
    done,
    turns,
    secondsLeft: Math.round(secondsLeft),
    ...(outcome !== null && 'peak' in outcome ? { requestsPerSecond: outcome.peak.requestsPerSecond } : {}),
    ...(outcome !== null && 'failure' in outcome ? { failure: outcome.failure } : {}),
  });
}

function describePeak({ peak, limit }: CellResult): string {
  const errors = peak.failed + peak.indefinite;
  return [
    `${peak.requestsPerSecond.toFixed(0)} requests/s, p95 ${peak.latency.p95Ms.toFixed(1)} ms`,
    `limit: ${limit}`,
    ...(errors > 0 ? [`${peak.failed} failed, ${peak.indefinite} indefinite`] : []),
  ].join(', ');
}

function describeTime(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

/** Prints the outcome, and sets the exit code. */
function tellOutcome(
  printer: Printer,
  plan: BenchPlan,
  { results, failures, report: files }: BenchOutcome,
): void {
  const judged = judgeExpectations(plan, results);
  const broken = judged.filter(({ verdict }) => verdict !== 'held');
  const notes = [...new Set(results.flatMap(({ notes: told }) => told ?? []))];
  const lines = [
    ...results.map((result) => `${label(result).padEnd(20)} ${describePeak(result)}`),
    ...failures.map((failure) => style.bad(`${label(failure).padEnd(20)} failed: ${failure.failure}`)),
    ...notes.map((note) => `${style.warning('!')} ${note}`),
    ...judged.map(describeJudged),
    `Report: ${files[0]}`,
  ];
  printer.result(lines.join('\n'), { event: 'done', failures, expectations: judged, report: files });
  if (broken.length > 0 || failures.length > 0) process.exitCode = 1;
}

function label({ test, repeat }: { test: string; repeat: number }): string {
  return repeat > 1 ? `${test} (${repeat})` : test;
}

function describeJudged({ expectation, ratio, verdict }: JudgedExpectation): string {
  const paint = verdict === 'held' ? style.good : style.bad;
  const measured = ratio === null ? '' : ` (it is ${ratio.toFixed(2)}x)`;
  return `${paint(verdict.padEnd(12))} ${describeExpectation(expectation)}${measured}`;
}
