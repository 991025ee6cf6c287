/**
 * What happened in a world, in order: every trace event goes into the hash, and to the observer if there is one. Without an
 * observer no event builds text.
 */
import type { Trace } from '../../sharder/core/ports.ts';
import type { Kernel } from './kernel.ts';
import { TraceHash } from './trace-hash.ts';

/** One line of the story of a run. `atUs` is virtual; `process` is the name of the process that emitted it. */
export interface TraceLine<Event> {
  atUs: number;
  process: string;
  event: Event;
}
export type TraceObserver<Event> = (line: TraceLine<Event>) => void;

/** `Event`: all events of the world. */
export class Tracer<Event extends object> {
  readonly hash = new TraceHash();
  /** May be set and cleared at any time; never changes the hash. */
  observer: TraceObserver<Event> | null;
  readonly #kernel: Kernel;
  /** Hashing a name once is enough: names are few, and a name always has the same number. */
  readonly #numberOfName = new Map<string, number>();

  constructor(kernel: Kernel, observer: TraceObserver<Event> | null) {
    this.#kernel = kernel;
    this.observer = observer;
  }

  /** A Trace that speaks for one process. */
  for(process: string): Trace<Event> {
    return { emit: (event) => this.emit(process, event) };
  }

  emit(process: string, event: Event): void {
    const hash = this.hash;
    hash.mix(this.#kernel.nowUs);
    hash.mix(this.#numberOf(process));
    for (const field in event) {
      hash.mix(this.#numberOf(field));
      const value = event[field];
      switch (typeof value) {
        case 'number':
          hash.mixNumber(value);
          break;
        case 'string':
          hash.mixString(value);
          break;
        default:
          // True, false, null and a field left undefined.
          hash.mix(value === true ? 1 : value === false ? 2 : 3);
      }
    }
    this.tell(process, event);
  }

  /** Tells the observer alone: for events that the hash already covers in other ways. */
  tell(process: string, event: Event): void {
    this.observer?.({ atUs: this.#kernel.nowUs, process, event });
  }

  /** Numbers are given in order of first use, and mixed with the name itself at that moment. */
  #numberOf(name: string): number {
    const known = this.#numberOfName.get(name);
    if (known !== undefined) return known;
    const number = this.#numberOfName.size + 1;
    this.#numberOfName.set(name, number);
    this.hash.mixString(name);
    return number;
  }
}
