/** Writes keys one after the other over several clients and remembers which were acknowledged, so that a test can look for each. */
import { setTimeout as delay } from 'node:timers/promises';

const clients = 4;
/** A refused writer tries another key soon; the load must leave the machine to the cluster. */
const pauseMs = 50;
/** Keys that are read at the same time. */
const readersMax = 8;

export class AcknowledgedWrites {
  readonly keys: string[] = [];
  /** Answers other than success, by status; 0: no answer. */
  readonly failed: Record<number, number> = {};
  private readonly endpoint: string;
  private readonly ended: Promise<unknown>;
  private isOver = false;

  constructor(endpoint: string, prefix: string) {
    this.endpoint = endpoint;
    this.ended = Promise.all(Array.from({ length: clients }, (_, id) => this.write(`${prefix}-${id}`)));
  }

  /** Waits for the requests under way. @returns the keys that were acknowledged. */
  async stop(): Promise<string[]> {
    this.isOver = true;
    await this.ended;
    return this.keys;
  }

  private async write(prefix: string): Promise<void> {
    for (let index = 0; !this.isOver; index++) {
      const key = `${prefix}-${index}`;
      const status = await put(this.endpoint, key);
      if (status >= 200 && status < 300) this.keys.push(key);
      else this.failed[status] = (this.failed[status] ?? 0) + 1;
      await delay(pauseMs);
    }
  }
}

async function put(endpoint: string, key: string): Promise<number> {
  try {
    const answer = await fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body: key });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** The keys that do not read as they were written. */
export async function missingOf(endpoint: string, keys: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  const left = [...keys];
  const read = async () => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const answer = await fetch(`${endpoint}/v1/kv/${key}`);
      if ((await answer.text()) !== key) missing.push(key);
    }
  };
  await Promise.all(Array.from({ length: readersMax }, read));
  return missing;
}
