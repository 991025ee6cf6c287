/** Keys that are written once and must be there afterwards, whatever was done to the shards that have them. */

const keys = 1000;
/** At the same time. */
const callers = 20;

export class KeptKeys {
  private readonly endpoint: string;
  private readonly prefix = `kept-${Date.now()}`;

  private constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** @throws Error when a key cannot be written. */
  static async write(endpoint: string): Promise<KeptKeys> {
    const kept = new KeptKeys(endpoint);
    await forEachKey(async (key) => {
      const answer = await fetch(kept.urlOf(key), { method: 'PUT', body: valueOf(key) });
      if (!answer.ok)
        throw new Error(`the store answered a PUT with ${answer.status} ${await answer.text()}`);
    });
    return kept;
  }

  /** What was answered for each key that is not as it was written. */
  async findWrong(): Promise<string[]> {
    const wrong: string[] = [];
    await forEachKey(async (key) => {
      const answer = await fetch(this.urlOf(key));
      const text = await answer.text();
      if (!answer.ok || text !== valueOf(key)) wrong.push(`${key}: ${answer.status} ${text.slice(0, 100)}`);
    });
    return wrong;
  }

  private urlOf(key: number): string {
    return `${this.endpoint}/v1/kv/${this.prefix}-${key}`;
  }
}

/** Long enough that a slot takes a moment to copy. */
function valueOf(key: number): string {
  return `value of ${key}`.padEnd(1024, '.');
}

async function forEachKey(body: (key: number) => Promise<void>): Promise<void> {
  const next = Array.from({ length: keys }, (_, key) => key).values();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (const key of next) await body(key);
    }),
  );
}
