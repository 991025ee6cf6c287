/**
 * Rejected promises that the simulated code has left behind during a run. Nobody waits for them, so the owner of the process
 * notes them here; they count as a crash of the run in which they appeared.
 */
export class StrayErrors {
  private first: { error: unknown } | null = null;

  note(error: unknown): void {
    this.first ??= { error };
  }

  /** The first that has appeared since the last call, null when none has. */
  async take(): Promise<{ error: unknown } | null> {
    // Node.js reports a rejection when the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    const { first } = this;
    this.first = null;
    return first;
  }
}
