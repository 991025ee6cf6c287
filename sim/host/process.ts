/**
 * A process in the simulator: it runs, is paused (SIGSTOP), or is down. An event for a paused process waits until the process
 * is resumed; an event for a process that is down is lost. Each restart is a new incarnation, and never gets an event that was
 * meant for an earlier one.
 */
import type { Clock, Random, Trace } from '../../sharder/core/ports.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ProcessClock } from './process-clock.ts';
import { RandomStream } from '../kernel/random-stream.ts';

/** What every process tells its trace. */
export interface ProcessEvent {
  name: `process.${CrashKind | 'restart' | 'pause' | 'resume'}`;
}

/** `kill`: the process alone dies, and its host answers for it. `power`: the host goes dark, and unsynced writes are lost. */
export type CrashKind = 'kill' | 'power';

/** Socket buffers are finite: at most this many events wait for a process that was paused under load. */
const inboxLengthMax = 10_000;

/** Two kinds of process. A threaded one handles the events that waited during a pause in any order. */
export interface ProcessOptions {
  /** Milliseconds by which its clock is ahead. Default 0. */
  skewMs?: number;
  /** Default false: an event loop, which handles them in order of arrival. */
  isThreaded?: boolean;
}

/** What a process is made of, given by the world. */
export interface ProcessParts<Told> {
  kernel: Kernel;
  /** The trace of the process of this name. */
  traceOf: (name: string) => Trace<ProcessEvent | Told>;
  counters: FaultCounters;
  seed: number;
}

interface Waiting {
  run: (argument: never) => void;
  argument: unknown;
}

/** `Told`: the events that the programs in it add to its trace, besides its own. */
export class SimProcess<Told = never> {
  /** Unique in the world. */
  readonly name: string;
  /** Dense number in the world, from 0 in order of creation; the network speaks of processes by it. */
  readonly index: number;
  readonly kernel: Kernel;
  readonly random: Random & RandomStream;
  readonly trace: Trace<ProcessEvent | Told>;
  readonly clock: Clock & ProcessClock;
  /** Counts restarts, from 0. */
  incarnation = 0;
  state: 'running' | 'paused' | 'down' = 'running';
  /** False after a power failure, until the restart: nothing answers at all, not even with a refusal. */
  isHostUp = true;
  /** True from `retire` on: it never runs again. */
  isRetired = false;
  /** While this is set, a process that is down cannot be restarted. */
  isBarred = false;
  /** Called in order of registration, after the state has changed. Listeners stay for all incarnations. */
  readonly onCrash: ((kind: CrashKind) => void)[] = [];
  readonly onRestart: (() => void)[] = [];
  readonly onPause: (() => void)[] = [];
  readonly onResume: (() => void)[] = [];
  readonly #inbox: Waiting[] = [];
  readonly #counters: FaultCounters;
  readonly #isThreaded: boolean;

  constructor(name: string, index: number, parts: ProcessParts<Told>, options: ProcessOptions) {
    this.name = name;
    this.index = index;
    this.kernel = parts.kernel;
    this.random = new RandomStream(parts.seed, name);
    this.trace = parts.traceOf(name);
    this.#counters = parts.counters;
    this.clock = new ProcessClock(this, options.skewMs ?? 0);
    this.#isThreaded = options.isThreaded ?? false;
  }

  /** Runs `run(argument)` now when running, on resume when paused, never when down. */
  accept<Argument>(run: (argument: Argument) => void, argument: Argument): void {
    if (this.state === 'running') run(argument);
    else if (this.state === 'paused' && this.#inbox.length < inboxLengthMax) {
      this.#inbox.push({ run, argument });
    }
  }

  /** Ends this incarnation. Does nothing when it is down already. */
  crash(kind: CrashKind = 'kill'): void {
    if (this.state === 'down') return;
    this.#change('down', `process.${kind}`);
    this.#counters[kind === 'kill' ? 'kills' : 'powerFailures']++;
    this.isHostUp = kind === 'kill';
    this.incarnation++;
    this.#inbox.length = 0;
    for (const listener of this.onCrash) listener(kind);
  }

  /** Goes dark and never comes back, as a machine that is given back. */
  retire(): void {
    this.isRetired = true;
    this.crash('power');
  }

  /** Starts a new incarnation. Does nothing unless it is down, or when it is barred or retired. */
  restart(): void {
    if (this.state !== 'down' || this.isRetired || this.isBarred) return;
    this.#change('running', 'process.restart');
    this.#counters.restarts++;
    this.isHostUp = true;
    for (const listener of this.onRestart) listener();
  }

  /** SIGSTOP. Does nothing unless it is running. */
  pause(): void {
    if (this.state !== 'running') return;
    this.#change('paused', 'process.pause');
    this.#counters.pauses++;
    for (const listener of this.onPause) listener();
  }

  /** SIGCONT: handles the events that have arrived in the meantime. Does nothing unless it is paused. */
  resume(): void {
    if (this.state !== 'paused') return;
    this.#change('running', 'process.resume');
    for (const listener of this.onResume) listener();
    const waiting = this.#inbox.splice(0);
    if (this.#isThreaded) this.random.shuffle(waiting);
    for (const { run, argument } of waiting) this.accept(run, argument as never);
  }

  #change(state: SimProcess['state'], name: ProcessEvent['name']): void {
    this.state = state;
    // Any event may cause this fault, and the calls that it releases may settle promises.
    this.kernel.touchPromises();
    this.trace.emit({ name });
  }
}
