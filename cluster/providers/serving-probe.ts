/**
 * The proof that a cluster serves: through its public endpoint, a key of every shard is written, read back and deleted.
 * The keys carry a reserved prefix and a random part, so that nobody's data are touched.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SLOT_COUNT } from '../../sharder/core/slot.ts';
import { ClusterError } from '../errors.ts';
import { askGuarded, type StoreAccess } from './guarded-request.ts';

/** Keys under this prefix are Vase's own. */
const probeKeyPrefix = '__vase_probe__/';

const requestTimeoutMs = 10_000;
/**
 * A shard may be electing its leader, and a machine that has just started many processes is slow: for this long a request is
 * repeated that is refused for the moment or not answered in time. The keys are the probe's own, so a repeated write does no harm.
 */
const patienceMsDefault = 30_000;
const passingStatuses = new Set([429, 503, 504]);
const pauseMs = 100;
const pauseMsMax = 2000;
/** With n shards, this many random keys per shard miss one of them with a probability below n * e^-40. */
const keysPerShardMax = 40;
/** As many random keys miss one slot with a probability of e^-40, too. */
const drawsMax = 40 * SLOT_COUNT;

export interface ServingProbe {
  /** "http://127.0.0.1:5000" */
  endpoint: string;
  /** What the endpoint asks for where it is guarded; null or left out where it is not. */
  access?: StoreAccess | null;
  /** Names of the shards as the header `vase-shard` gives them. */
  shards: readonly string[];
  /**
   * The name of the shard that owns the key by the view: random keys seldom meet a shard with a single slot of 1024.
   * Left out: keys are drawn until each shard has answered for one.
   */
  ownerOf?: (key: string) => string;
  /** How long one request is repeated while its answer may be temporary. */
  patienceMs?: number;
  signal: AbortSignal;
}

/**
 * @throws ClusterError that says which shard did not serve and what it answered.
 */
export async function proveServing(probe: ServingProbe): Promise<void> {
  const keys = await findKeyPerShard(probe);
  await Promise.all([...keys].map(([shard, key]) => writeReadDelete(probe, shard, key)));
}

/** Asks for keys until every shard has answered for one. */
async function findKeyPerShard(probe: ServingProbe): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  const triesMax = probe.shards.length * keysPerShardMax;
  for (let tries = 0; keys.size < probe.shards.length && tries < triesMax; tries++) {
    const key = drawKey(probe, (shard) => probe.shards.includes(shard) && !keys.has(shard));
    // Another shard owns a slot that has moved since the view was read: the next key may be in a slot that stayed.
    const answer = await ask(probe, 'GET', key);
    if (answer.status !== 404 || answer.shard === null)
      throw unexpected(answer, 'for a key that nobody wrote');
    if (probe.shards.includes(answer.shard) && !keys.has(answer.shard)) keys.set(answer.shard, key);
  }
  const missing = probe.shards.filter((shard) => !keys.has(shard));
  if (missing.length === 0) return keys;
  throw new ClusterError(`no key of ${triesMax} was routed to ${missing.join(', ')}`, {
    nextStep: 'See `make status`: these shards may own no slot.',
  });
}

/** A random key of a wanted shard, as far as the probe knows the owners. */
function drawKey({ ownerOf }: ServingProbe, isWanted: (shard: string) => boolean): string {
  for (let draw = 0; ; draw++) {
    const key = `${probeKeyPrefix}${randomUUID()}`;
    if (ownerOf === undefined || draw >= drawsMax || isWanted(ownerOf(key))) return key;
  }
}

async function writeReadDelete(probe: ServingProbe, shard: string, key: string): Promise<void> {
  const value = Buffer.from(`probe of ${shard} ${randomUUID()}`);
  const put = await ask(probe, 'PUT', key, value);
  if (!isSuccess(put)) throw unexpected(put, `for the write on ${shard}`);
  const get = await ask(probe, 'GET', key);
  if (!isSuccess(get) || !get.body.equals(value))
    throw unexpected(get, `for the read of what was written on ${shard}`);
  const deleted = await ask(probe, 'DELETE', key);
  // The key is gone: an earlier attempt, whose answer was lost, has deleted it.
  if (!isSuccess(deleted) && !(deleted.status === 404 && deleted.attempts > 1))
    throw unexpected(deleted, `for the delete on ${shard}`);
}

interface Answer {
  method: string;
  status: number;
  shard: string | null;
  body: Buffer;
  attempts: number;
}

/** @throws ClusterError when nothing has answered by the end of the probe's patience. */
async function ask(probe: ServingProbe, method: string, key: string, body?: Buffer): Promise<Answer> {
  const endMs = performance.now() + (probe.patienceMs ?? patienceMsDefault);
  for (let attempts = 1; ; attempts++) {
    const answer = await attempt(probe, method, key, body);
    const isOver = performance.now() >= endMs;
    if (!(answer instanceof ClusterError)) {
      if (isOver || !passingStatuses.has(answer.status)) return { ...answer, attempts };
    } else if (isOver) {
      throw answer;
    }
    await delay(Math.min(pauseMsMax, pauseMs * 2 ** attempts), undefined, { signal: probe.signal });
  }
}

/** Sends the request once; returns an error when no answer arrives. */
async function attempt(
  probe: ServingProbe,
  method: string,
  key: string,
  body?: Buffer,
): Promise<Omit<Answer, 'attempts'> | ClusterError> {
  const signal = AbortSignal.any([probe.signal, AbortSignal.timeout(requestTimeoutMs)]);
  try {
    if (probe.access) {
      const url = `${probe.endpoint}/v1/kv/${encodeURIComponent(key)}`;
      const answer = await askGuarded(url, probe.access, { method, body, signal });
      const shard = answer.headers['vase-shard'];
      return {
        method,
        status: answer.status,
        shard: typeof shard === 'string' ? shard : null,
        body: answer.body,
      };
    }
    const response = await fetch(`${probe.endpoint}/v1/kv/${encodeURIComponent(key)}`, {
      method,
      signal,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { method, status: response.status, shard: response.headers.get('vase-shard'), body: bytes };
  } catch (error) {
    probe.signal.throwIfAborted();
    return new ClusterError(`${probe.endpoint} did not answer a ${method}: ${(error as Error).message}`, {
      nextStep: 'See `make status` and `make logs NAME=sharder-1`.',
      cause: error,
    });
  }
}

function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function unexpected(answer: Answer, when: string): ClusterError {
  const text = answer.body.toString('utf8').slice(0, 300);
  return new ClusterError(`the store answered a ${answer.method} ${when} with ${answer.status} ${text}`, {
    nextStep: 'See `make status` and `make logs NAME=sharder-1`.',
  });
}
