/**
 * A client that alone writes rising numbers to one key and reads it after each write. With one writer, linearizability
 * of the key is simple to state: a read returns at least the last acknowledged number and at most the last one sent.
 */

export interface Writer {
  run(): Promise<void>;
  stop(): void;
  /** Resolves after so many more acknowledged writes. */
  untilAcknowledged(count: number): Promise<void>;
  /** Sentences about reads that were stale or of the future. */
  readonly violations: readonly string[];
  /** Bodies of the answers with status 504. */
  readonly indefinite: readonly unknown[];
  readAtLast(): Promise<{ value: number; acknowledged: number; invoked: number }>;
}

export function createWriter(endpoint: string, key: string): Writer {
  const url = `${endpoint}/v1/kv/${key}`;
  const violations: string[] = [];
  const indefinite: unknown[] = [];
  const waiting: { at: number; resolve: () => void }[] = [];
  let invoked = 0;
  let acknowledged = 0;
  let count = 0;
  let running = true;

  const write = async () => {
    invoked++;
    const response = await fetch(url, { method: 'PUT', body: String(invoked) });
    if (response.status === 504) indefinite.push(await response.json());
    else await response.arrayBuffer();
    if (response.status !== 204) return;
    acknowledged = invoked;
    count++;
    for (const waiter of waiting) if (count >= waiter.at) waiter.resolve();
  };
  const read = async () => {
    const atLeast = acknowledged;
    const response = await fetch(url);
    const text = await response.text();
    if (response.status !== 200 && response.status !== 404) return null;
    const value = response.status === 404 ? 0 : Number(text);
    if (value < atLeast || value > invoked) violations.push(`read ${value}, not in ${atLeast}..${invoked}`);
    return value;
  };
  return {
    violations,
    indefinite,
    async run() {
      while (running) {
        await write();
        await read();
      }
    },
    stop() {
      running = false;
    },
    untilAcknowledged(more) {
      const at = count + more;
      return new Promise((resolve) => waiting.push({ at, resolve }));
    },
    async readAtLast() {
      const value = await read();
      if (value === null) throw new Error(`${key} cannot be read`);
      return { value, acknowledged, invoked };
    },
  };
}
