/** A sharder's configuration, from environment variables alone, as in a pod. */
import { readFileSync } from 'node:fs';
import { defaultLimits, type Limits } from './core/limits.ts';
import { conditionComparesMax } from './core/operation.ts';
import { UsageError } from './core/usage-error.ts';
import type { EtcdTls } from './etcd/connection.ts';
import type { HttpsFiles } from './http/server.ts';

export interface SharderConfig {
  /** VASE_NAME: its name in logs. */
  name: string;
  /** VASE_HOME: client endpoints of the home shard, "host:port,host:port". */
  home: readonly string[];
  /** VASE_MIRRORS: client endpoints of the other shards, which have copies of the view, "host:port,host:port;host:port". */
  mirrors: readonly (readonly string[])[];
  /** VASE_HOST and VASE_PORT: where users reach it; VASE_REUSE_PORT=1 shares the port with other sharders. */
  host: string;
  port: number;
  reusePort: boolean;
  /** VASE_ADMIN_PORT: a port of its own for probes and metrics, without data; null for none. */
  adminPort: number | null;
  /** VASE_OWN_PORT: a port of its own that answers like the public port, when others share that one; null for none. */
  ownPort: number | null;
  /** VASE_HOSTS: names by which users may call it, "store.example,other.example:8443", besides localhost and addresses. */
  hosts: readonly string[];
  /** VASE_LOG_LEVEL */
  logLevel: string;
  /** VASE_DRAIN_MS: between "not ready" and the close of the port, for balancers to notice; a shared port is closed at once. */
  drainMs: number;
  /** VASE_TLS_CA, VASE_TLS_CERT, VASE_TLS_KEY: files for mutual TLS with etcd. */
  tls: EtcdTls | null;
  /** VASE_HTTPS_CERT, VASE_HTTPS_KEY: files for TLS with users, on the public port. */
  https: HttpsFiles | null;
  /** VASE_TOKEN_FILE: holds what users must send on the public port, as `authorization: Bearer <token>`. */
  token: string | null;
  /** VASE_QUOTA_BYTES: each member's quota, for etcd before 3.6, which does not report it; null: not known. */
  quotaBytes: number | null;
  limits: Limits;
}

/** Below it a token could be guessed. */
const tokenLengthMin = 16;

/** One sentence that names the variable and what is allowed. */
class ConfigError extends UsageError {
  override name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError */
export function readConfig(environment: Environment): SharderConfig {
  const whole = (name: string, fallback: number, min: number, max: number) => {
    const text = environment[name];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < min || value > max) {
      throw new ConfigError(
        `${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
      );
    }
    return value;
  };
  const home = readEndpoints(environment['VASE_HOME']);
  if (home === null) {
    throw new ConfigError(
      "VASE_HOME must be the home shard's client endpoints, host:port, separated by commas",
    );
  }
  const mirrors = (environment['VASE_MIRRORS'] || null)?.split(';').map(readEndpoints) ?? [];
  if (!mirrors.every((endpoints) => endpoints !== null)) {
    throw new ConfigError(
      "VASE_MIRRORS must be other shards' client endpoints, separated by commas, and shards by semicolons",
    );
  }
  const adminPort = whole('VASE_ADMIN_PORT', -1, 0, 65_535);
  const ownPort = whole('VASE_OWN_PORT', -1, 0, 65_535);
  // The rest of etcd's --max-txn-ops is for the comparisons of a conditional write, which nests, and one for safety.
  const maxTxnOps = whole('VASE_MAX_TXN_OPS', 128, 16, 100_000);
  return {
    name: environment['VASE_NAME'] ?? `sharder-${process.pid}`,
    home,
    mirrors,
    host: environment['VASE_HOST'] ?? '127.0.0.1',
    port: whole('VASE_PORT', 5000, 0, 65_535),
    reusePort: environment['VASE_REUSE_PORT'] === '1',
    adminPort: adminPort < 0 ? null : adminPort,
    ownPort: ownPort < 0 ? null : ownPort,
    hosts: readHosts(environment),
    logLevel: environment['VASE_LOG_LEVEL'] ?? 'info',
    drainMs: whole('VASE_DRAIN_MS', 0, 0, 60_000),
    tls: readTls(environment),
    https: readHttps(environment),
    token: readToken(environment),
    quotaBytes: whole('VASE_QUOTA_BYTES', 0, 0, Number.MAX_SAFE_INTEGER) || null,
    limits: {
      ...defaultLimits,
      batchOperationsMax: Math.min(maxTxnOps - conditionComparesMax - 1, 512),
      operationTimeoutMs: whole('VASE_OPERATION_TIMEOUT_MS', defaultLimits.operationTimeoutMs, 100, 60_000),
    },
  };
}

/** @throws ConfigError */
export function readHosts(environment: Environment): string[] {
  const hosts = (environment['VASE_HOSTS'] ?? '').split(',').filter((host) => host !== '');
  if (hosts.every((host) => /^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?$/i.test(host))) return hosts;
  throw new ConfigError('VASE_HOSTS must be names such as store.example, separated by commas');
}

/** Null when the text is no list of endpoints. */
function readEndpoints(text = ''): readonly string[] | null {
  const endpoints = text.split(',').filter((endpoint) => endpoint !== '');
  const isList = endpoints.length > 0 && endpoints.every((endpoint) => /^[^:;\s]+:[0-9]+$/.test(endpoint));
  return isList ? endpoints : null;
}

function readHttps(environment: Environment): HttpsFiles | null {
  const { VASE_HTTPS_CERT: cert, VASE_HTTPS_KEY: key } = environment;
  if (!cert && !key) return null;
  if (!cert || !key) throw new ConfigError('VASE_HTTPS_CERT and VASE_HTTPS_KEY go together');
  return { cert: readNamed('VASE_HTTPS_CERT', cert), key: readNamed('VASE_HTTPS_KEY', key) };
}

function readToken(environment: Environment): string | null {
  const file = environment['VASE_TOKEN_FILE'];
  if (!file) return null;
  const token = readNamed('VASE_TOKEN_FILE', file).toString('utf8').trim();
  // Visible ASCII: what can stand in a header.
  if (token.length >= tokenLengthMin && /^[!-~]+$/.test(token)) return token;
  throw new ConfigError(
    `VASE_TOKEN_FILE must hold one word of ${tokenLengthMin} or more visible ASCII characters`,
  );
}

function readNamed(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${name} cannot be read: ${(error as Error).message}`);
  }
}

function readTls(environment: Environment): EtcdTls | null {
  const files = ['VASE_TLS_CA', 'VASE_TLS_CERT', 'VASE_TLS_KEY'].map((name) => environment[name]);
  if (files.every((file) => file === undefined || file === '')) return null;
  const [ca, certificate, key] = files;
  if (!ca || !certificate || !key)
    throw new ConfigError('VASE_TLS_CA, VASE_TLS_CERT and VASE_TLS_KEY go together');
  try {
    return { ca: readFileSync(ca), certificate: readFileSync(certificate), key: readFileSync(key) };
  } catch (error) {
    throw new ConfigError(`a TLS file cannot be read: ${(error as Error).message}`);
  }
}
