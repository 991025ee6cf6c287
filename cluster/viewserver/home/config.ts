/** The view server's configuration, from environment variables alone, as in a pod. */
import { readFileSync } from 'node:fs';
import { readHosts } from '../../../sharder/config.ts';
import type { EtcdTls } from '../../../sharder/etcd/connection.ts';
import { UsageError } from '../../errors.ts';
import { milliCores } from '../../topology/quantity.ts';
import { parseTopology, type Topology } from '../../topology/topology.ts';

export interface ViewServerConfig {
  /** VASE_NAME: its name in logs and in the lease. */
  name: string;
  /** VASE_HOME: client endpoints of the home shard, "host:port,host:port". */
  home: readonly string[];
  /** VASE_HOST and VASE_PORT: where it listens. */
  host: string;
  port: number;
  /** VASE_ADVERTISE: "host:port" at which the other view servers reach it. Default: host and port. */
  advertise: string;
  /** VASE_HOSTS: host names that a request may call it by, besides localhost and addresses. */
  hosts: readonly string[];
  /** VASE_FLEET: where shards are made. */
  fleet: 'local' | 'kubernetes';
  /** VASE_LOG_LEVEL */
  logLevel: string;
  /** VASE_DRAIN_MS: between "not ready" and the close of the port, for balancers to notice. */
  drainMs: number;
  /** VASE_TLS_CA, VASE_TLS_CERT, VASE_TLS_KEY: files for mutual TLS with etcd. */
  tls: EtcdTls | null;
  /** VASE_AUTOSCALING: JSON of the topology's autoscaling.shards. */
  autoscaling: Topology['autoscaling']['shards'];
  /** VASE_SHARDER_CPU: limit of one sharder in cores; without it one core, since a sharder has one thread. */
  sharderCores: number;
  /** Bounds of the moves; null: no limit. VASE_MOVES_MAX, VASE_SLOTS_PER_MOVE, VASE_KEYS_PER_SECOND. */
  moves: { concurrentMovesMax: number; slotsPerMoveMax: number; keysPerSecondMax: number | null };
}

type Environment = Readonly<Record<string, string | undefined>>;

const endpoint = /^[^:\s]+:[0-9]+$/;

/** @throws UsageError */
export function readConfig(environment: Environment): ViewServerConfig {
  const text = (name: string) => environment[name] || undefined;
  const host = text('VASE_HOST') ?? '127.0.0.1';
  const port = whole(environment, 'VASE_PORT', { fallback: 5100, min: 0, max: 65_535 });
  const keysPerSecond = whole(environment, 'VASE_KEYS_PER_SECOND', { fallback: 0, min: 0, max: 100_000_000 });
  const home = (text('VASE_HOME') ?? '').split(',');
  if (!home.every((member) => endpoint.test(member)))
    throw new UsageError("VASE_HOME must be the home shard's endpoints, host:port, separated by commas");
  const fleet = text('VASE_FLEET');
  if (fleet !== 'local' && fleet !== 'kubernetes')
    throw new UsageError('VASE_FLEET must be local or kubernetes');
  const cpu = text('VASE_SHARDER_CPU');
  return {
    name: text('VASE_NAME') ?? `view-server-${process.pid}`,
    home,
    host,
    port,
    advertise: text('VASE_ADVERTISE') ?? `${host}:${port}`,
    hosts: readHosts(environment),
    fleet,
    logLevel: text('VASE_LOG_LEVEL') ?? 'info',
    drainMs: whole(environment, 'VASE_DRAIN_MS', { fallback: 0, min: 0, max: 60_000 }),
    tls: readTls(environment),
    autoscaling: readAutoscaling(text('VASE_AUTOSCALING') ?? '{}'),
    sharderCores: cpu === undefined ? 1 : Math.min(1, milliCores(cpu) / 1000),
    moves: {
      concurrentMovesMax: whole(environment, 'VASE_MOVES_MAX', { fallback: 2, min: 1, max: 64 }),
      slotsPerMoveMax: whole(environment, 'VASE_SLOTS_PER_MOVE', { fallback: 64, min: 1, max: 1024 }),
      keysPerSecondMax: keysPerSecond === 0 ? null : keysPerSecond,
    },
  };
}

function whole(
  environment: Environment,
  name: string,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): number {
  const text = environment[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}

function readAutoscaling(text: string): Topology['autoscaling']['shards'] {
  let shards: unknown;
  try {
    shards = JSON.parse(text);
  } catch (error) {
    throw new UsageError('VASE_AUTOSCALING must be JSON', { cause: error });
  }
  return parseTopology({ autoscaling: { shards } }).autoscaling.shards;
}

function readTls(environment: Environment): EtcdTls | null {
  const [ca, certificate, key] = ['VASE_TLS_CA', 'VASE_TLS_CERT', 'VASE_TLS_KEY'].map(
    (name) => environment[name],
  );
  if (!ca && !certificate && !key) return null;
  if (!ca || !certificate || !key)
    throw new UsageError('VASE_TLS_CA, VASE_TLS_CERT and VASE_TLS_KEY go together');
  return { ca: readFileSync(ca), certificate: readFileSync(certificate), key: readFileSync(key) };
}
