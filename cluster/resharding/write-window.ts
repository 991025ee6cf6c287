/** Runs at most so many writes at the same time. After the first failure it starts no more. */

export class WriteWindow {
  private readonly placesMax: number;
  private readonly underWay = new Set<Promise<void>>();
  private failure: { error: unknown } | null = null;

  constructor(placesMax: number) {
    this.placesMax = placesMax;
  }

  /** Starts the write when there is a place; resolves when it has been started. @throws what an earlier one threw. */
  async start(write: () => Promise<void>): Promise<void> {
    while (this.underWay.size >= this.placesMax) await Promise.race(this.underWay);
    this.check();
    const ended: Promise<void> = write()
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => this.underWay.delete(ended));
    this.underWay.add(ended);
  }

  /** Resolves when no write is under way, even if some failed. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  /** @throws what the first write that failed threw. */
  check(): void {
    if (this.failure !== null) throw this.failure.error;
  }
}
