/**
 * Bringing a cluster up or down as a readable list of steps that share one context. Each step is reported with its time;
 * the first that fails ends the list and its error goes to the caller.
 */

/** Shows how the steps go on: a spinner, plain lines or JSON. */
export interface StepReporter {
  started(title: string): void;
  /** How far a long step is. */
  progressed(title: string, text: string): void;
  /** `detail` says what was found or done; null when there is nothing to say. */
  succeeded(title: string, durationMs: number, detail: string | null): void;
  failed(title: string, durationMs: number): void;
}

export interface Step<Context> {
  /** What is being done, as an order: "Start 3 shards". */
  title: string;
  /** Resolves with a detail to show, or nothing; `say` tells how far it is. */
  run(context: Context, say: (text: string) => void): Promise<string | void>;
}

export interface StepTime {
  title: string;
  durationMs: number;
}

/**
 * Runs the steps in order.
 * @returns the time that each took.
 * @throws what the failing step threw, or the signal's reason as soon as a step ends after an abort.
 */
export async function runSteps<Context>(
  steps: readonly Step<Context>[],
  context: Context,
  options: { reporter: StepReporter; signal: AbortSignal },
): Promise<StepTime[]> {
  const times: StepTime[] = [];
  for (const step of steps) {
    options.signal.throwIfAborted();
    options.reporter.started(step.title);
    const startMs = performance.now();
    const say = (text: string) => options.reporter.progressed(step.title, text);
    try {
      const detail = (await step.run(context, say)) ?? null;
      options.signal.throwIfAborted();
      const durationMs = performance.now() - startMs;
      times.push({ title: step.title, durationMs });
      options.reporter.succeeded(step.title, durationMs, detail);
    } catch (error) {
      options.reporter.failed(step.title, performance.now() - startMs);
      throw error;
    }
  }
  return times;
}

/** Shows work that is no list of steps as steps: each has ended when the next is reported, or when all is done. */
export function shownSteps(reporter: StepReporter): {
  report: (title: string) => void;
  /** Returns the result of the work; when the work throws, its current step has failed. */
  during: <T>(work: Promise<T>) => Promise<T>;
} {
  let current: { title: string; startMs: number } | null = null;
  const end = (how: 'succeeded' | 'failed') => {
    if (current === null) return;
    const { title, startMs } = current;
    current = null;
    if (how === 'failed') reporter.failed(title, performance.now() - startMs);
    else reporter.succeeded(title, performance.now() - startMs, null);
  };
  const report = (title: string) => {
    end('succeeded');
    current = { title, startMs: performance.now() };
    reporter.started(title);
  };
  const during = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const result = await work;
      end('succeeded');
      return result;
    } catch (error) {
      end('failed');
      throw error;
    }
  };
  return { report, during };
}

/** "1 shard", "2 shards". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
