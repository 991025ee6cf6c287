/**
 * One load on a store, by worker processes: all start together, warm up, and measure the same window; their reports are
 * merged. When the call ends, no worker is left, even after an error.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult, Sample, Workload } from '../records/run-data.ts';
import { decodeHistogram, encodeHistogram, latenciesOf, newHistogram } from './latency-histogram.ts';
import type { LoadOrder, ParentMessage, WorkerMessage, WorkerSecond } from './load-order.ts';

/** The sharders' own deadline and a few seconds: a request that takes longer gets no answer. */
const timeoutSeconds = 20;

/** A store that has not answered every user within this time is measured as it is. */
const warmupSecondsMax = 60;

export interface LoadOptions {
  /** Base URLs; the users take them in turn. */
  urls: readonly string[];
  workload: Workload;
  /** Load before the window, which is not measured: at least so long, and until every user has had an answer. */
  warmupSeconds: number;
  /** Length of the window in whole seconds. */
  seconds: number;
  /** Null for closed loops: `workload.users` users, each with one request under way. */
  ratePerSecond: number | null;
  /** Processes; default: one for two cores, at least one. */
  workers?: number;
  /** The same seed draws the same keys. */
  seed?: number;
  signal: AbortSignal;
  /** Called when the window opens and when it is over, before the load stops. */
  onWindow?(moment: 'opened' | 'over'): void | Promise<void>;
}

export type LoadOutcome = LoadResult & { samples: Sample[] };

function defaultWorkers(): number {
  return Math.max(1, Math.floor(availableParallelism() / 2));
}

/** @throws Error when a worker dies; the signal's reason after an abort. */
export async function runLoad(options: LoadOptions): Promise<LoadOutcome> {
  const { seconds, warmupSeconds, signal } = options;
  const workers = forkWorkers({ ...options, fill: false });
  try {
    await workers.all('ready');
    const warm = workers.all('warm');
    warm.catch(() => undefined);
    workers.tell({ kind: 'start' });
    await delay(warmupSeconds * 1000, undefined, { signal });
    await atMost(warmupSecondsMax, warm, signal);
    const done = workers.all('done');
    // It is awaited below; when something else fails first, the caller gets that error.
    done.catch(() => undefined);
    workers.tell({ kind: 'measure' });
    await options.onWindow?.('opened');
    await atMost(seconds, done, signal);
    await options.onWindow?.('over');
    return merge(options, await done, workers.seconds);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    workers.end();
  }
}

/** Writes every key of the workload once. @returns how many could not be written. */
export async function fillStore(
  options: Pick<LoadOptions, 'urls' | 'workload' | 'workers' | 'signal'>,
): Promise<{ written: number; failed: number }> {
  const workers = forkWorkers({ ...options, seconds: 1, ratePerSecond: null, fill: true });
  try {
    await workers.all('ready');
    workers.tell({ kind: 'start' });
    const filled = await workers.all('filled');
    return {
      written: filled.reduce((sum, { written }) => sum + written, 0),
      failed: filled.reduce((sum, { failed }) => sum + failed, 0),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    workers.end();
  }
}

/** Resolves with `event` or after so many seconds, whichever is first, and leaves no timer. */
async function atMost(seconds: number, event: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const first = new AbortController();
  const timer = delay(seconds * 1000, undefined, { signal: AbortSignal.any([signal, first.signal]) });
  // It also rejects when the event was first; then no code waits for it.
  timer.catch(() => undefined);
  try {
    await Promise.race([event, timer]);
  } finally {
    first.abort();
  }
}

type Done = Extract<WorkerMessage, { kind: 'done' }>;

function merge(
  { ratePerSecond }: LoadOptions,
  done: readonly Done[],
  reported: readonly WorkerSecond[],
): LoadOutcome {
  const whole = newHistogram();
  const bySecond = new Map<number, { sample: Sample; histogram: ReturnType<typeof newHistogram> }>();
  for (const { second, failed, indefinite, histogram } of reported) {
    const part = decodeHistogram(histogram);
    whole.add(part);
    let entry = bySecond.get(second);
    if (entry === undefined) {
      const sample = { second, requests: 0, p50Ms: 0, p99Ms: 0, failed: 0, indefinite: 0 };
      bySecond.set(second, (entry = { sample, histogram: newHistogram() }));
    }
    entry.histogram.add(part);
    entry.sample.failed += failed;
    entry.sample.indefinite += indefinite;
  }
  const samples = [...bySecond.values()]
    .map(({ sample, histogram }) => {
      const { medianMs, p99Ms } = latenciesOf(histogram);
      return { ...sample, requests: histogram.totalCount, p50Ms: medianMs, p99Ms };
    })
    .toSorted((a, b) => a.second - b.second);
  const windowSeconds = samples.length;
  return {
    offeredPerSecond: ratePerSecond,
    requestsPerSecond: whole.totalCount / windowSeconds,
    requests: whole.totalCount,
    failed: samples.reduce((sum, { failed }) => sum + failed, 0),
    indefinite: samples.reduce((sum, { indefinite }) => sum + indefinite, 0),
    latency: latenciesOf(whole),
    histogram: encodeHistogram(whole),
    generatorCores: done.reduce((sum, { cpuSeconds, seconds }) => sum + cpuSeconds / seconds, 0),
    generatorWorkers: done.length,
    samples,
  };
}

type WorkerSettings = Pick<
  LoadOptions,
  'urls' | 'workload' | 'seconds' | 'ratePerSecond' | 'workers' | 'seed' | 'signal'
> & {
  fill: boolean;
};

interface Workers {
  /** The next message of this kind of every worker. Rejects when one ends before. */
  all<Kind extends WorkerMessage['kind']>(kind: Kind): Promise<Extract<WorkerMessage, { kind: Kind }>[]>;
  tell(message: ParentMessage): void;
  seconds: WorkerSecond[];
  end(): void;
}

function forkWorkers(settings: WorkerSettings): Workers {
  settings.signal.throwIfAborted();
  const count = Math.min(settings.workers ?? defaultWorkers(), settings.workload.users);
  const seconds: WorkerSecond[] = [];
  const children = Array.from({ length: count }, (_, index) => {
    const child = fork(new URL('load-worker.ts', import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      // A Ctrl-C in the terminal reaches the whole group; the parent decides when its workers end.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message: WorkerMessage) => {
      if (message.kind === 'second') seconds.push(message.second);
    });
    child.send(orderOf(settings, { index, count }));
    return child;
  });
  return {
    all: (kind) => Promise.all(children.map((child) => nextMessage(child, kind, settings.signal))),
    tell: (message) => {
      for (const child of children) child.send(message);
    },
    seconds,
    end: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

function orderOf(settings: WorkerSettings, { index, count }: { index: number; count: number }): LoadOrder {
  const { urls, workload, ratePerSecond, fill } = settings;
  const firstUser = Math.floor((workload.users * index) / count);
  return {
    kind: 'order',
    urls,
    workload,
    firstUser,
    users: Math.floor((workload.users * (index + 1)) / count) - firstUser,
    ratePerSecond: ratePerSecond === null ? null : ratePerSecond / count,
    phase: index / count,
    timeoutSeconds,
    seconds: settings.seconds,
    seed: settings.seed ?? 1,
    fill,
  };
}

function nextMessage<Kind extends WorkerMessage['kind']>(
  child: ChildProcess,
  kind: Kind,
  signal: AbortSignal,
): Promise<Extract<WorkerMessage, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: WorkerMessage) => {
      if (message.kind === kind) settle(() => resolve(message as Extract<WorkerMessage, { kind: Kind }>));
    };
    const onExit = (code: number | null) =>
      settle(() => reject(new Error(`a worker of the load generator ended with ${code}`)));
    const onError = (error: Error) => settle(() => reject(error));
    const onAbort = () => settle(() => reject(signal.reason as Error));
    const settle = (finish: () => void) => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}
