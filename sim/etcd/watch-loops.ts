/** The periodic work of a member for its watches: it replays history to those that are behind, and reports progress to quiet ones. */
import type { SimProcess } from '../host/process.ts';
import type { StateMachine } from './state-machine.ts';

/** How often etcd's syncWatchersLoop replays history to watches that are behind. */
const watchSyncUs = 100_000;

export class WatchLoops {
  readonly #process: SimProcess;
  readonly #progressUs: number;
  readonly #machine: () => StateMachine;

  /** @param parts.machine changes with every restart. */
  constructor(parts: { process: SimProcess; progressMs: number; machine: () => StateMachine }) {
    this.#process = parts.process;
    this.#progressUs = parts.progressMs * 1000;
    this.#machine = parts.machine;
    this.#scheduleProgress();
  }

  /** The loop runs at whole multiples of its period; a second request before that changes nothing. */
  requestSync(machine: StateMachine): void {
    const { kernel } = this.#process;
    const atUs = (Math.floor(kernel.nowUs / watchSyncUs) + 1) * watchSyncUs;
    kernel.schedule(atUs, this.#acceptSync, machine);
  }

  readonly #acceptSync = (machine: StateMachine): void => this.#process.accept(this.#sync, machine);

  readonly #sync = (machine: StateMachine): void => machine.watches.sync();

  #scheduleProgress(): void {
    const { kernel } = this.#process;
    kernel.schedule(kernel.nowUs + this.#progressUs, this.#reportProgress, undefined);
  }

  readonly #reportProgress = (): void => {
    if (this.#process.state === 'running') this.#machine().watches.reportProgress();
    this.#scheduleProgress();
  };
}
