/**
 * Virtual time. The kernel pops one event, jumps the clock to it and runs it; ties keep the order of scheduling. After an
 * event that may have settled a promise (`touchPromises`), it gives up the stack to a real setImmediate, so that every
 * microtask has run before the next event; purely synchronous events do not pay for that. The outcome depends only on the
 * scheduled events: real time, and other work of this Node process, cannot change it.
 */
import { EventHeap, ScheduledEvent } from './event-heap.ts';

/** Bounds a run that would never end, such as two timers of delay 0 that start each other. */
const eventsPerRunMax = 100_000_000;
/** Node drains microtasks between the immediates of one loop turn: several barriers share one poll of the real loop. */
const barriersPerLoopTurn = 64;

// Taken when the module loads: the guard replaces the global during a run.
const setImmediateOfNode = setImmediate;

interface Run {
  untilUs: number;
  resolve: () => void;
  reject: (reason: unknown) => void;
  barriersLeft: number;
}

export class Kernel {
  /** Virtual microseconds since the start of the world: whole numbers. */
  nowUs = 0;
  /** Events that have happened, cancelled ones not counted. */
  eventCount = 0;
  /** Barriers crossed: the price of asynchronous code. */
  barrierCount = 0;
  readonly #heap = new EventHeap();
  #sequence = 0;
  #isPromiseTouched = false;
  #isStopped = false;
  #run: Run | null = null;
  readonly #slice = (): void => {
    if (this.#run !== null) this.#runSlice(this.#run);
  };

  /**
   * Runs `run(argument)` at virtual time `atUs`, or now when that is past, after everything already due then.
   * The code must be synchronous, or call `touchPromises`.
   */
  schedule<Argument>(atUs: number, run: (argument: Argument) => void, argument: Argument): ScheduledEvent {
    const at = atUs > this.nowUs ? Math.ceil(atUs) : this.nowUs;
    const event = new ScheduledEvent(at, this.#sequence++, run, argument);
    this.#heap.push(event);
    return event;
  }

  /** As `schedule`, for code that starts or settles promises: the kernel crosses a barrier after it. */
  scheduleAsync(atUs: number, run: () => void): ScheduledEvent {
    return this.schedule(atUs, this.#runAndTouch, run);
  }

  /** Says that the event now running has settled a promise, or has run code that may have: a barrier will follow it. */
  touchPromises(): void {
    this.#isPromiseTouched = true;
  }

  /** Ends the run after the present event and its microtasks. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Runs everything due up to and including `untilUs`; the clock then stands at `untilUs`, or at the event that called
   * `stop`. May be called again to go on.
   * @throws what an event threw; the world is then good for inspection only.
   */
  run(options: { untilUs: number }): Promise<void> {
    if (this.#run !== null) throw new Error('kernel: already running');
    this.#isStopped = false;
    // The caller may have left microtasks behind when it prepared the world: the first slice runs after them.
    this.#isPromiseTouched = false;
    return new Promise<void>((resolve, reject) => {
      this.#run = { untilUs: options.untilUs, resolve, reject, barriersLeft: 0 };
      this.#crossBarrier(this.#run);
    });
  }

  readonly #runAndTouch = (run: () => void): void => {
    this.#isPromiseTouched = true;
    run();
  };

  #runSlice(run: Run): void {
    try {
      if (this.#popUntilBarrier(run.untilUs)) {
        this.#crossBarrier(run);
        return;
      }
      if (!this.#isStopped) this.nowUs = Math.max(this.nowUs, run.untilUs);
      this.#run = null;
      run.resolve();
    } catch (error) {
      this.#run = null;
      run.reject(error);
    }
  }

  /** Runs events until one needs a barrier (true) or the run is over (false). */
  #popUntilBarrier(untilUs: number): boolean {
    const heap = this.#heap;
    while (!this.#isStopped) {
      const event = heap.peek();
      if (event === undefined || event.atUs > untilUs) return false;
      heap.pop();
      const run = event.run;
      if (run === null) continue;
      this.nowUs = event.atUs;
      if (++this.eventCount > eventsPerRunMax) throw new Error(`kernel: more than ${eventsPerRunMax} events`);
      event.run = null;
      run(event.argument as never);
      if (this.#isPromiseTouched) {
        this.#isPromiseTouched = false;
        return true;
      }
    }
    return false;
  }

  #crossBarrier(run: Run): void {
    this.barrierCount++;
    if (run.barriersLeft === 0) {
      // The immediates of a turn that outlive the run find `#run` null, or belong to the next run, which they serve.
      run.barriersLeft = barriersPerLoopTurn;
      for (let turn = 0; turn < barriersPerLoopTurn; turn++) setImmediateOfNode(this.#slice);
    }
    run.barriersLeft--;
  }
}
