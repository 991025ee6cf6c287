/** A client of the store's own HTTP interface, for the commands get, put and del. */
import { ClusterError, UsageError } from '../../cluster/errors.ts';
import { createPrinter, type Printer } from '../terminal/printer.ts';
import { findStore } from './find-store.ts';
import { listenForInterrupts } from './interrupts.ts';
import { sendRequest, type Reply } from './send-request.ts';

/** The store itself answers within its own deadline, which is shorter. */
const requestTimeoutMs = 30_000;

/** The place of a key and its version. */
interface Placed {
  version: number;
  shard: string;
}

/** Every method throws a ClusterError for an answer that is no success; the error says whether a write may have been applied. */
export class StoreClient {
  private readonly endpoint: string;
  private readonly signal: AbortSignal;

  constructor(endpoint: string, signal: AbortSignal) {
    this.endpoint = endpoint;
    this.signal = signal;
  }

  async get(key: string): Promise<Placed & { value: Buffer }> {
    const { placed, body } = await this.request('GET', key);
    return { ...placed, value: body };
  }

  async put(key: string, value: Uint8Array): Promise<Placed> {
    return (await this.request('PUT', key, value)).placed;
  }

  async delete(key: string): Promise<Placed> {
    return (await this.request('DELETE', key)).placed;
  }

  private async request(
    method: string,
    key: string,
    value?: Uint8Array,
  ): Promise<{ placed: Placed; body: Buffer }> {
    const { status, headers, body } = await this.send(method, key, value);
    if (status < 200 || status > 299) throw refusal(method, status, body);
    const version = Number(headers.etag?.replaceAll('"', ''));
    return { placed: { version, shard: String(headers['vase-shard'] ?? '') }, body };
  }

  private async send(method: string, key: string, value?: Uint8Array): Promise<Reply> {
    const url = new URL(`${this.endpoint}/v1/kv/${encodeURIComponent(key)}`);
    try {
      return await sendRequest(url, {
        method,
        signal: this.signal,
        timeoutMs: requestTimeoutMs,
        value: value ?? null,
      });
    } catch (error) {
      this.signal.throwIfAborted();
      const doubt = method === 'GET' ? '' : '; the write may or may not have been applied';
      throw new ClusterError(`${this.endpoint} did not answer: ${(error as Error).message}${doubt}`, {
        nextStep: 'See `make status`.',
        cause: error,
      });
    }
  }
}

function refusal(method: string, status: number, body: Buffer): ClusterError {
  const error = errorOf(body);
  const doubt =
    method !== 'GET' && error.definite === false ? '; the write may or may not have been applied' : '';
  return new ClusterError(`${error.message ?? `the store answered ${status}`}${doubt}`);
}

function errorOf(body: Buffer): { message?: string; definite?: boolean } {
  try {
    const parsed = JSON.parse(body.toString('utf8')) as { error?: { message?: string; definite?: boolean } };
    return parsed.error ?? {};
  } catch {
    return {};
  }
}

/** Runs a command's body with a client of the store that the flag, VASE_ENDPOINT or the cluster names. */
export async function withStore(
  flags: { endpoint?: string; json?: boolean },
  body: (context: { store: StoreClient; printer: Printer }) => Promise<void>,
): Promise<void> {
  const endpoint = (flags.endpoint ?? process.env['VASE_ENDPOINT']) || (await findStore());
  if (endpoint === null) throw new ClusterError('there is no cluster', { nextStep: 'Run `make up`.' });
  if (!['http:', 'https:'].includes(URL.parse(endpoint)?.protocol ?? ''))
    throw new UsageError(`endpoint ${endpoint} is not a URL such as http://127.0.0.1:5000`);
  const { signal, release } = listenForInterrupts();
  try {
    const store = new StoreClient(endpoint.replace(/\/+$/, ''), signal);
    await body({ store, printer: createPrinter({ json: flags.json === true }) });
  } finally {
    release();
  }
}
