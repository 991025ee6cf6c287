/**
 * A view server process: it stands by until the lease makes it the leader, then drives moves and jobs, and answers over
 * HTTP. On SIGTERM it gives the lease back and exits; a SIGKILL at any point leaves records from which a successor goes on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { defaultLimits } from '../../sharder/core/limits.ts';
import type { Trace } from '../../sharder/core/ports.ts';
import { EtcdShardClient } from '../../sharder/etcd/client/shard-client.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { OriginCheck } from '../../sharder/http/origin-check.ts';
import type { Readiness } from '../../sharder/http/probes.ts';
import { createHttpServer, listen, stop } from '../../sharder/http/server.ts';
import { systemClock, systemRandom } from '../../sharder/system-clock.ts';
import type { MoverEvent } from '../resharding/mover-event.ts';
import { UsageError } from '../errors.ts';
import type { ShardFleet } from '../providers/shard-fleet.ts';
import { skipProxies } from '../host/skip-proxies.ts';
import { readConfig, type ViewServerConfig } from './home/config.ts';
import { EventLog } from './home/event-log.ts';
import { ensureFirstRecords } from './first-records.ts';
import { createApp } from './http/app.ts';
import { JobStore } from './jobs/job-store.ts';
import { LeaderLease, pauseUntilAborted } from './home/leader-lease.ts';
import { Leadership } from './leading/leadership.ts';
import { createServerMetrics } from './server-metrics.ts';
import { ShardCaller } from './home/shard-caller.ts';
import { NewestView } from './home/newest-view.ts';

/** When the process is told to stop, requests under way get this long from the close of its port on. */
const stopDeadlineMs = 3000;
/** A kept-alive connection has this long to send the request whose answer tells it to end. */
const idleMs = 1000;
const readyPollMs = 100;
/** Events that an operator should look at: etcd's watch has lost events, or a move was given up. */
const warnings: ReadonlySet<MoverEvent['name']> = new Set<MoverEvent['name']>([
  'move.unproven',
  'move.repeated',
  'move.failed',
  'move.paused',
]);
/** Time to give the lease back; if the home shard does not answer, the lease runs out by itself. */
const leaveMsMax = 4000;

function readConfigOrExit(): ViewServerConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`view server: ${error.message}\n`);
    process.exit(2);
  }
}

/** The fleet is loaded when it is needed: a pod never needs the code that starts processes. */
async function createFleet(): Promise<ShardFleet> {
  if (config.fleet === 'local') {
    const { localFleetFromEnvironment } = await import('../providers/local/local-fleet.ts');
    return localFleetFromEnvironment(process.env, rpc);
  }
  const { kubernetesFleetFromEnvironment } =
    await import('../providers/kubernetes/kubernetes-fleet-from-environment.ts');
  return kubernetesFleetFromEnvironment(process.env, rpc);
}

skipProxies('all');
const config = readConfigOrExit();
const logger = pino({ level: config.logLevel, base: { name: config.name, pid: process.pid } });
const registry = new Registry();
const rpc = new GrpcEtcdRpc({ tls: config.tls });
const clock = systemClock;
const random = systemRandom;
const events = new EventLog();
const quiet: Trace<unknown> = { emit: () => undefined };
const home = new EtcdShardClient({
  shard: 0,
  endpoints: config.home,
  rpc,
  clock,
  random,
  trace: quiet,
  limits: defaultLimits,
});
const view = new NewestView({ rpc, clock, home, endpoints: config.home });
const jobs = new JobStore({ home, clock, logger });
let leadership: Leadership | null = null;
const counters = createServerMetrics(registry, { leadership: () => leadership, view });
const trace: Trace<MoverEvent> = {
  emit(event) {
    counters.emit(event);
    const { name, ...data } = event;
    if (!name.startsWith('etcd.')) events.emit(name, data);
    if (warnings.has(name)) logger.warn(event, name);
    else logger.debug(event, name);
  },
};
const fleet = await createFleet();
const lease: LeaderLease = new LeaderLease({
  name: config.name,
  address: config.advertise,
  home,
  clock,
  random,
  onGained() {
    const caller = new ShardCaller(rpc);
    leadership = new Leadership({
      config,
      clock,
      random,
      trace,
      rpc,
      fleet,
      caller,
      jobs,
      view,
      events,
      lease,
      logger,
      home,
    });
    events.emit('leader', { name: config.name });
    logger.info('became leader');
  },
  onLost() {
    leadership?.stop();
    leadership = null;
    logger.info('lost the lead');
  },
});
view.subscribe(({ epoch, moves, shards }) =>
  events.emit('view', { epoch, moves: moves.length, shards: shards.map(({ id }) => id) }),
);

const readiness: Readiness = { problem: 'the home shard has not answered yet' };
const ended = new AbortController();
const server = createHttpServer(
  createApp({
    registry,
    readiness,
    lease,
    leadership: () => leadership,
    origins: new OriginCheck(config.hosts),
    logger,
  }),
);

async function start(): Promise<void> {
  const port = await listen(server, { host: config.host, port: config.port, reusePort: false });
  logger.info({ port, fleet: config.fleet }, 'listening');
  void view.run(ended.signal);
  // `up` writes those of a local cluster.
  if (config.fleet === 'kubernetes')
    void writeFirstRecords().catch((error: unknown) =>
      logger.error({ err: error }, 'could not read the first records'),
    );
  leading = lease.run(ended.signal);
  while ((view.current === null || lease.leader === null) && !ended.signal.aborted)
    await pauseUntilAborted(clock, readyPollMs, ended.signal);
  if (!ended.signal.aborted) readiness.problem = null;
}

async function writeFirstRecords(): Promise<void> {
  const topology = process.env['VASE_TOPOLOGY'];
  if (topology === undefined) throw new UsageError('VASE_TOPOLOGY must be the topology, as JSON');
  await ensureFirstRecords({ topology, rpc, fleet, clock, logger, signal: ended.signal });
}

let leading: Promise<void> = Promise.resolve();

async function leave(signal: string): Promise<void> {
  if (ended.signal.aborted) return;
  logger.info({ signal }, 'stopping');
  readiness.problem = 'the view server is stopping';
  ended.abort();
  const left = Promise.race([leading, delay(leaveMsMax)]);
  const listenUntil = Promise.all([left, delay(config.drainMs)]);
  const deadline = AbortSignal.timeout(Math.max(leaveMsMax, config.drainMs) + stopDeadlineMs);
  if (server.listening) await stop(server, { listenUntil, idleMs, deadline });
  await left;
  home.close();
  rpc.close();
  process.exit(0);
}

process.on('SIGTERM', (signal) => void leave(signal));
process.on('SIGINT', (signal) => void leave(signal));

start().catch((error: unknown) => {
  logger.fatal({ err: error }, 'the view server could not start');
  process.exit(1);
});
