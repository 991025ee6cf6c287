/** Starts a process of the bench, and ends it when it sends nothing for too long. */
import { type ChildProcess, fork } from 'node:child_process';

export interface WorkerOptions {
  /** A module of this folder. */
  module: string;
  /** Loaded before it. */
  plant: string;
  environment?: Readonly<Record<string, string>>;
  /** The longest time from one message to the next. */
  silentMsMax: number;
  /** The folder that keeps compiled modules. */
  compileCache: string;
}

export type WorkerEnd = { kind: 'done' } | { kind: 'silent' } | { kind: 'died'; why: string };

const heapMb = 1024;
const errorsMax = 4000;

/** @param onMessage true ends the worker. */
export function runWorker(
  options: WorkerOptions,
  work: unknown,
  onMessage: (message: unknown) => boolean | void,
): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    const child = start(options);
    let errors = '';
    let end: WorkerEnd | null = null;
    const kill = (why: WorkerEnd) => {
      end ??= why;
      child.kill('SIGKILL');
    };
    let timer = setTimeout(() => kill({ kind: 'silent' }), options.silentMsMax);
    child.stderr!.on('data', (chunk) => (errors = (errors + String(chunk)).slice(-errorsMax)));
    child.on('message', (message) => {
      clearTimeout(timer);
      timer = setTimeout(() => kill({ kind: 'silent' }), options.silentMsMax);
      if (onMessage(message) === true) kill({ kind: 'done' });
    });
    child.on('error', (error) => kill({ kind: 'died', why: error.message }));
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(
        end ?? (code === 0 ? { kind: 'done' } : { kind: 'died', why: errors.trim() || `exit ${code}` }),
      );
    });
    child.send(work as object, () => undefined);
  });
}

function start({ module, plant, environment, compileCache }: WorkerOptions): ChildProcess {
  return fork(new URL(module, import.meta.url), {
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      `--max-old-space-size=${heapMb}`,
      '--import',
      new URL(plant, import.meta.url).href,
    ],
    env: { ...process.env, ...environment, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
