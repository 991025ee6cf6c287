/** Lets at most so many actions run at a time; the others wait in their order. */
import type { Clock } from '../../sharder/core/ports.ts';

export class Gate {
  private readonly places: number;
  private free: number;
  private readonly waiting: (() => void)[] = [];
  private readonly polite = new Set<() => void>();

  constructor(places: number) {
    this.places = places;
    this.free = places;
  }

  /** Runs the action when a place is free, and frees the place however the action ends. */
  async pass<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
      if (this.free === this.places) for (const go of this.polite) go();
    }
  }

  /** Lets the actions inside work undisturbed: resolves when none is inside, or after this time. */
  async whenEmpty(clock: Clock, waitMsMax: number): Promise<void> {
    if (this.free === this.places) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        cancel();
        this.polite.delete(go);
        resolve();
      };
      const cancel = clock.schedule(waitMsMax, go);
      this.polite.add(go);
    });
  }
}
