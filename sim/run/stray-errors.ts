/**
 * Promises that the simulated code has left behind rejected, while a run goes on. Nobody waits for them, so that whoever owns
 * the process notes them here; they count as a crash of the run in which they came up.
 */
export class StrayErrors {
  private first: { error: unknown } | null = null;

  note(error: unknown): void {
    this.first ??= { error };
  }

  /** The first that has come up since the last call, null when none has. */
  async take(): Promise<{ error: unknown } | null> {
    // Node.js tells of a rejection when the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    const { first } = this;
    this.first = null;
    return first;
  }
}
