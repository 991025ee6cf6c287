/**
 * The load generator: autocannon in a process of its own. It says when the connections are warm and when the window is
 * over, so that the parent can read the CPU of the processes under test at both moments.
 */
import autocannon, { type Request } from 'autocannon';
import { build, type Histogram } from 'hdr-histogram-js';

export type Workload = 'GET' | 'PUT' | '50/50';

/** What the parent sends. */
export interface LoadOrder {
  url: string;
  /** How a request for a key is made: Vase's routes, or those of etcd's JSON gateway. */
  dialect: 'vase' | 'gateway';
  workload: Workload;
  connections: number;
  keys: number;
  valueBytes: number;
  warmSeconds: number;
  seconds: number;
}

/** What the parent receives: `warm` and `done`, the latter with the window's figures. */
export type LoadReport =
  | { kind: 'warm' }
  | {
      kind: 'done';
      /** Answered with 2xx; latencies and figures per request are of these alone. */
      requests: number;
      /** Answered otherwise, or not at all. */
      errors: number;
      seconds: number;
      p50Ms: number;
      p99Ms: number;
      p999Ms: number;
      cpuMicroseconds: number;
    };

process.once('message', (order: LoadOrder) => void run(order));

async function run(order: LoadOrder): Promise<void> {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  let window: { startedAtMs: number; cpu: NodeJS.CpuUsage; requests: number; errors: number } | null = null;
  let client = 0;
  const instance = autocannon(
    {
      url: order.url,
      connections: order.connections,
      duration: order.warmSeconds + order.seconds + 1,
      timeout: 20,
      setupClient: (connection) => connection.setRequests(requestsOf(order, client++)),
    },
    () => undefined,
  );
  instance.on('response', (_client, status, _bytes, responseMs) => {
    if (!window) return;
    // A refusal is quick and carries nothing out: it is no request that was served.
    if (status < 200 || status >= 300) {
      window.errors++;
      return;
    }
    window.requests++;
    histogram.recordValue(Math.round(responseMs * 1000));
  });
  instance.on('reqError', () => {
    if (window) window.errors++;
  });
  await sleep(order.warmSeconds);
  process.send!({ kind: 'warm' } satisfies LoadReport);
  window = { startedAtMs: performance.now(), cpu: process.cpuUsage(), requests: 0, errors: 0 };
  await sleep(order.seconds);
  process.send!(summarize(window, histogram));
  process.exit(0);
}

function summarize(
  {
    startedAtMs,
    cpu,
    requests,
    errors,
  }: { startedAtMs: number; cpu: NodeJS.CpuUsage; requests: number; errors: number },
  histogram: Histogram,
): LoadReport {
  const used = process.cpuUsage(cpu);
  const milliseconds = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    kind: 'done',
    requests,
    errors,
    seconds: (performance.now() - startedAtMs) / 1000,
    p50Ms: milliseconds(50),
    p99Ms: milliseconds(99),
    p999Ms: milliseconds(99.9),
    cpuMicroseconds: used.user + used.system,
  };
}

/** Each connection walks its own share of the keys, so that all together touch every key. */
function requestsOf(order: LoadOrder, client: number): Request[] {
  const requests: Request[] = [];
  const value = Buffer.alloc(order.valueBytes, 'v');
  for (let key = client; key < order.keys; key += order.connections) {
    if (order.workload !== 'GET') requests.push(putRequest(order, `key-${key}`, value));
    if (order.workload !== 'PUT') requests.push(getRequest(order, `key-${key}`));
  }
  return requests;
}

function putRequest({ dialect }: LoadOrder, key: string, value: Buffer): Request {
  if (dialect === 'vase') return { method: 'PUT', path: `/v1/kv/${key}`, body: value };
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64'), value: value.toString('base64') });
  return { method: 'POST', path: '/v3/kv/put', body };
}

function getRequest({ dialect }: LoadOrder, key: string): Request {
  if (dialect === 'vase') return { method: 'GET', path: `/v1/kv/${key}` };
  return {
    method: 'POST',
    path: '/v3/kv/range',
    body: JSON.stringify({ key: Buffer.from(key).toString('base64') }),
  };
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
