/** Runs pieces of the simulator's work in processes of their own and adds up their reports. */
import { fork } from 'node:child_process';
import type { FaultTally } from '../../sim/run/faults/fault-script.ts';
import { type Failure, newProgress, type Progress } from '../../sim/run/search-failure.ts';
import type { Work, WorkReport } from './worker.ts';

export interface WorkResult {
  progress: Progress;
  failures: Failure[];
  /** One list for each piece of work of kind `hashes`, in their order. */
  hashes: string[][];
}

export interface WorkOptions {
  /** Arguments of Node.js for the workers, besides those that all workers get. */
  nodeArguments?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  /** Called with the sum over all workers. */
  onProgress?(progress: Progress): void;
  /** Ends the other workers as soon as one has failed. */
  stopAtFailure?: boolean;
}

/** Runs all pieces at the same time. @throws Error when a worker dies. */
export async function runWorkers(works: readonly Work[], options: WorkOptions = {}): Promise<WorkResult> {
  const progresses = works.map(newProgress);
  const result: WorkResult = { progress: newProgress(), failures: [], hashes: works.map(() => []) };
  const stop = new AbortController();
  const take = (report: WorkReport, index: number) => {
    switch (report.kind) {
      case 'failure':
        result.failures.push(report.failure);
        if (options.stopAtFailure) stop.abort();
        return;
      case 'hashes':
        result.hashes[index] = report.hashes;
        return;
      case 'progress':
      case 'done':
        progresses[index] = report.progress;
        options.onProgress?.(sum(progresses));
    }
  };
  await Promise.all(
    works.map((work, index) => runWorker(work, options, stop.signal, (report) => take(report, index))),
  );
  result.progress = sum(progresses);
  return result;
}

function runWorker(
  work: Work,
  { nodeArguments = [], environment = {} }: WorkOptions,
  signal: AbortSignal,
  onReport: (report: WorkReport) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('worker.ts', import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning', ...nodeArguments],
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    let errors = '';
    child.stderr!.on('data', (chunk) => (errors = (errors + String(chunk)).slice(-4000)));
    signal.addEventListener('abort', () => child.kill('SIGKILL'));
    child.on('message', onReport);
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0 || signal.aborted) resolve();
      else reject(new Error(`a worker of the simulator ended with ${code}: ${errors.trim()}`));
    });
    child.send(work);
  });
}

function sum(all: readonly Progress[]): Progress {
  const total = newProgress();
  for (const {
    runs,
    operations,
    faults,
    strikes,
    answers,
    releases,
    members,
    movesDone,
    movesAborted,
    movesUnproven,
    movesFailed,
    copiesOutlasting,
  } of all) {
    total.runs += runs;
    total.movesDone += movesDone;
    total.movesAborted += movesAborted;
    total.movesUnproven += movesUnproven;
    total.movesFailed += movesFailed;
    total.copiesOutlasting += copiesOutlasting;
    total.operations.ok += operations.ok;
    total.operations.failed += operations.failed;
    total.operations.unknown += operations.unknown;
    for (const [kind, count] of Object.entries(faults) as [keyof FaultTally, number][]) {
      total.faults[kind] = (total.faults[kind] ?? 0) + count;
    }
    addCounts(total.strikes, strikes);
    addCounts(total.answers, answers);
    addCounts(total.releases, releases);
    addCounts(total.members, members);
  }
  return total;
}

function addCounts(to: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) to[name] = (to[name] ?? 0) + count;
}
