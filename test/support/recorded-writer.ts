/**
 * A client that writes rising numbers to its own key, reads the key after each write, and keeps the history for the checker:
 * a write whose outcome is unknown may take effect at any later time, also over a newer one, so only the checker can judge
 * the history.
 */
import type { Action, Operation, Outcome } from '../../sim/checker/history/operation.ts';

export interface Writer {
  run(): Promise<void>;
  stop(): void;
  /** Resolves after this many more acknowledged writes. */
  untilAcknowledged(count: number): Promise<void>;
  /** Bodies of the answers with status 504 to writes. */
  readonly indefinite: readonly unknown[];
  readonly history: readonly Operation[];
  /** Reads once; what it read is in the history. */
  read(): Promise<Outcome>;
}

export function createWriter(endpoint: string, key: string): Writer {
  const url = `${endpoint}/v1/kv/${key}`;
  const indefinite: unknown[] = [];
  const history: Operation[] = [];
  const waiting: { at: number; resolve: () => void }[] = [];
  let process = 0;
  let newest = 0;
  let acknowledged = 0;
  let running = true;

  const record = async (action: Action, ask: () => Promise<Outcome>): Promise<Outcome> => {
    const invoked = performance.now();
    const outcome = await ask();
    history.push({ process, key, action, outcome, invoked, returned: performance.now() });
    // After an unknown outcome the client continues as another process.
    if (outcome.kind === 'open') process++;
    return outcome;
  };
  const put = async (value: number): Promise<Outcome> => {
    const response = await fetch(url, { method: 'PUT', body: String(value) });
    if (response.status === 504) {
      indefinite.push(await response.json());
      return { kind: 'open' };
    }
    await response.arrayBuffer();
    return response.status === 204 ? { kind: 'ok' } : { kind: 'fail' };
  };
  const get = async (): Promise<Outcome> => {
    const response = await fetch(url);
    const text = await response.text();
    if (response.status === 200) return { kind: 'ok', value: Number(text) };
    return response.status === 404 ? { kind: 'ok', value: null } : { kind: 'fail' };
  };
  const write = async () => {
    const value = ++newest;
    const { kind } = await record({ kind: 'put', value }, () => put(value));
    if (kind !== 'ok') return;
    acknowledged++;
    for (const waiter of waiting) if (acknowledged >= waiter.at) waiter.resolve();
  };
  const read = () => record({ kind: 'get' }, get);
  return {
    indefinite,
    history,
    read,
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
      const at = acknowledged + more;
      return new Promise((resolve) => waiting.push({ at, resolve }));
    },
  };
}
