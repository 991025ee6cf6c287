/** The knowledge of a sharder never gets older while it runs: neither its view, nor its fence of a shard. */
import type { SimTraceLine } from '../trace/sim-event.ts';
import type { Violations } from './violations.ts';

export class KnowledgeWatch {
  private readonly violations: Violations;
  /** By process, then by the subject: the view, or the fence of a shard. */
  private readonly newest = new Map<string, Map<string, number>>();

  constructor(violations: Violations) {
    this.violations = violations;
  }

  /** Sees every trace event of the run. */
  onTrace({ process, event }: SimTraceLine): void {
    switch (event.name) {
      case 'process.restart':
        this.newest.delete(process);
        return;
      case 'view.adopted':
        this.note(process, 'the view', event.epoch);
        return;
      case 'fence.changed':
        // -1: the sharder has forgotten the fence.
        if (event.revision !== -1) this.note(process, `the fence of shard ${event.shard}`, event.revision);
        return;
      default:
    }
  }

  private note(process: string, what: string, age: number): void {
    const known = this.newest.get(process) ?? new Map<string, number>();
    this.newest.set(process, known);
    const before = known.get(what) ?? -1;
    // An equal age is allowed: another answer made the sharder forget, and it learned the same again.
    if (age < before)
      this.violations.add('epochs_rise', `${process} goes back from ${before} to ${age} with ${what}`);
    known.set(what, Math.max(age, before));
  }
}
