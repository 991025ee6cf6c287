/** A sharder process: wires the store to etcd and to HTTP, gets ready, serves, and on SIGTERM drains and leaves. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { readConfig, type SharderConfig } from './config.ts';
import { present } from './core/invariant.ts';
import type { Trace } from './core/ports.ts';
import type { ShardClient } from './core/shard-client.ts';
import { Store } from './core/store.ts';
import { UsageError } from './core/usage-error.ts';
import { EtcdShardClient } from './etcd/client/shard-client.ts';
import { GrpcEtcdRpc } from './etcd/grpc-rpc.ts';
import { hashText } from './hash.ts';
import { createApp } from './http/app.ts';
import { BearerToken } from './http/bearer-token.ts';
import { EarlyRefusals } from './http/early-refusals.ts';
import { registerBudgetMetrics } from './http/edge-metrics.ts';
import { MemoryBudget } from './http/memory-budget.ts';
import { OriginCheck } from './http/origin-check.ts';
import { createProbes, type Readiness, slotsProbe } from './http/probes.ts';
import { RequestMetrics } from './http/request-metrics.ts';
import { createHttpServer, listen, stop } from './http/server.ts';
import { registerServerMetrics } from './http/server-metrics.ts';
import { SlowRequests } from './http/slow-requests.ts';
import { createStoreMetrics, type SharderEvent } from './http/store-metrics.ts';
import { systemClock, systemRandom } from './system-clock.ts';

/**
 * Bytes of bodies and of large replies that one sharder holds at a time. A body is in memory up to three times while it
 * becomes operations; the replies of four batches fit, each with one value of 1 MiB as JSON.
 */
const bodyBudgetBytes = 24 * 1024 * 1024;
const replyBudgetBytes = 32 * 1024 * 1024;
/** Requests under way get this long, from the close of the port on. */
const stopDeadlineMs = 10_000;
/** A kept connection has this long for the request whose answer tells it to end. */
const idleMs = 2000;
/** The same on the administration port, whose clients ask again in any case. */
const adminIdleMs = 250;
const readyRetryMs = 250;

function readConfigOrExit(): SharderConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`sharder: ${error.message}\n`);
    process.exit(2);
  }
}

const config = readConfigOrExit();
const logger = pino({ level: config.logLevel, base: { name: config.name, pid: process.pid } });
const registry = new Registry();
const rpc = new GrpcEtcdRpc({ tls: config.tls });
const metrics = createStoreMetrics(registry, () => store);
const trace: Trace<SharderEvent> = {
  emit(event) {
    metrics.emit(event);
    if (event.name !== 'batch.ended') logger.debug(event, event.name);
  },
};

function connect(shard: number, endpoints: readonly string[]): ShardClient {
  return new EtcdShardClient({
    shard,
    endpoints,
    rpc,
    clock: systemClock,
    random: systemRandom,
    trace,
    limits: config.limits,
  });
}

const store = new Store({
  clock: systemClock,
  trace,
  limits: config.limits,
  hash: hashText,
  quotaBytes: config.quotaBytes,
  home: connect(0, config.home),
  mirrors: { clients: config.mirrors.map((endpoints) => connect(0, endpoints)), home: config.home },
  connect,
});
const readiness: Readiness = { problem: 'the view is not known yet' };
const probes = createProbes(registry, readiness);
const budgets = {
  bodies: new MemoryBudget('bodies', bodyBudgetBytes),
  replies: new MemoryBudget('replies', replyBudgetBytes),
};
registerBudgetMetrics(registry, budgets);
const shared = {
  context: { store, limits: config.limits, budgets },
  metrics: new RequestMetrics(registry),
  origins: new OriginCheck(config.hosts),
  logger,
  slow: new SlowRequests(logger),
};
/** Where users need a token, a request without it learns nothing: metrics are on the admin port alone. */
const guardedApp = (token: string) => {
  const open = new Map([...probes].filter(([path]) => path !== '/metrics'));
  return createApp({ ...shared, probes: open, token: new BearerToken(token) });
};
const app = config.token === null ? createApp({ ...shared, probes }) : guardedApp(config.token);
const refusals = new EarlyRefusals((method, status, ms) =>
  shared.metrics.observe('none', method, status, ms),
);
const openServer = () =>
  createHttpServer(app, undefined, config.https, (listener) => refusals.guard(listener));
const server = openServer();
/** Probes and metrics, and where the load is; no data. */
const adminProbes = new Map([...probes, ['/slots', slotsProbe(() => store.operationsBySlot)]]);
const admin =
  config.adminPort === null
    ? null
    : createHttpServer(createApp({ ...shared, probes: adminProbes, probesOnly: true }));
const own = config.ownPort === null ? null : openServer();

registerServerMetrics(registry, refusals, { public: server, own, admin });

async function start(): Promise<void> {
  const { host, reusePort, adminPort, ownPort } = config;
  const startedAtMs = performance.now();
  if (admin !== null && adminPort !== null) await listen(admin, { host, port: adminPort, reusePort: false });
  while (!(await store.ready())) {
    if (readiness.problem === stopping) return;
    logger.warn('no shard has answered with a view yet');
    await delay(readyRetryMs);
  }
  store.watchView();
  if (own !== null && ownPort !== null) await listen(own, { host, port: ownPort, reusePort: false });
  const port = await listen(server, { host, port: config.port, reusePort });
  readiness.problem = null;
  const { epoch } = present(store.currentView, 'the view of a store that is ready');
  // The time that it waited for others, without the time that Node.js took to load the program.
  const waitedMs = Math.round(performance.now() - startedAtMs);
  logger.info({ host, port, shards: store.currentShards.size, epoch, waitedMs }, 'ready');
}

const stopping = 'the sharder is stopping';

async function leave(signal: string): Promise<void> {
  if (readiness.problem === stopping) return;
  readiness.problem = stopping;
  logger.info({ signal }, 'draining');
  const deadline = AbortSignal.timeout(config.drainMs + stopDeadlineMs);
  // Where others share the port, new connections go to them as soon as it is closed here.
  const listenUntil = config.reusePort ? null : delay(config.drainMs);
  const ended = Promise.all([
    server.listening && stop(server, { listenUntil, idleMs, deadline }),
    own?.listening && stop(own, { listenUntil: delay(config.drainMs), idleMs, deadline }),
  ]);
  // Probes are answered to the end.
  const asked = admin?.listening && stop(admin, { listenUntil: ended, idleMs: adminIdleMs, deadline });
  await Promise.all([ended, asked]);
  store.close();
  rpc.close();
  logger.info('stopped');
  process.exit(0);
}

process.on('SIGTERM', (signal) => void leave(signal));
process.on('SIGINT', (signal) => void leave(signal));

start().catch((error: unknown) => {
  logger.fatal({ err: error }, 'the sharder could not start');
  process.exit(1);
});
