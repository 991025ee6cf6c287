/**
 * Requests at a fixed rate, independent of the answers. Latency counts from the moment at which a request was planned to be
 * sent: when the store stalls, requests that had to wait for a connection are as late as their users would have seen them
 * (no coordinated omission). Autocannon is not used here: its rate is a burst at the start of each second, and its
 * correction takes an interval of ceil(1/rate), which is 1 ms for every rate.
 */
import { Pool } from 'undici';
import type { LoadOrder } from './load-order.ts';
import { type LoadRequest, requestSource } from './requests.ts';
import type { RequestOutcome, Window } from './window.ts';
import { WrittenKeys } from './written-keys.ts';

/** Requests under way or waiting for a connection; past it a request counts as failed without being sent. */
const outstandingMax = 20_000;

export interface FixedRate {
  /** Sends no more, and resolves when each request that was sent is accounted for. */
  stop(): Promise<void>;
}

/** Starts sending at once; the caller opens and closes the window. `onWarm` is called at the first answer. */
export function startFixedRate(
  order: LoadOrder & { ratePerSecond: number },
  window: Window,
  onWarm: () => void,
): FixedRate {
  const pools = order.urls.map((url) => openPool(url, order));
  const source = requestSource(order.workload, { user: order.firstUser, seed: order.seed });
  const periodMs = 1000 / order.ratePerSecond;
  const startedAtMs = performance.now() + order.phase * periodMs;
  const written = new WrittenKeys();
  const outstanding = new Set<Promise<void>>();
  let sent = 0;
  let isWarm = false;
  let timer: NodeJS.Timeout;

  const account = async (pool: Pool, intendedAtMs: number) => {
    const outcome = await send(pool, source(), { written, timeoutMs: order.timeoutSeconds * 1000 });
    window.count(intendedAtMs, outcome, performance.now() - intendedAtMs);
    if (!isWarm) onWarm();
    isWarm = true;
  };
  const sendDue = () => {
    const nowMs = performance.now();
    for (; startedAtMs + sent * periodMs <= nowMs; sent++) {
      const intendedAtMs = startedAtMs + sent * periodMs;
      if (outstanding.size >= outstandingMax) {
        window.count(intendedAtMs, 'failed', 0);
        continue;
      }
      const ended = account(pools[sent % pools.length]!, intendedAtMs).finally(() =>
        outstanding.delete(ended),
      );
      outstanding.add(ended);
    }
    timer = setTimeout(sendDue, Math.max(0, startedAtMs + sent * periodMs - performance.now()));
  };
  sendDue();

  return {
    stop: async () => {
      clearTimeout(timer);
      await Promise.all(outstanding);
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}

export function openPool(url: string, { users, urls }: Pick<LoadOrder, 'users' | 'urls'>): Pool {
  return new Pool(url, { connections: Math.max(1, Math.ceil(users / urls.length)), pipelining: 1 });
}

/** Nothing was sent when no connection came about. */
const unsentCodes = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'ENOTFOUND', 'EHOSTUNREACH']);

async function send(
  pool: Pool,
  request: LoadRequest,
  { written, timeoutMs }: { written: WrittenKeys; timeoutMs: number },
): Promise<RequestOutcome> {
  const mustFind = written.mustFind(request);
  try {
    const { statusCode, body } = await pool.request({
      method: request.method,
      path: request.path,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    if (mustFind) return written.judge(request, statusCode, await body.text());
    await body.dump();
    return written.judge(request, statusCode, null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== undefined && unsentCodes.has(code) ? 'failed' : 'indefinite';
  }
}
