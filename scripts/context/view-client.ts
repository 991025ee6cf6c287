/** A client of the view server's HTTP interface, for the commands that grow, shrink and rebalance a cluster. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../../cluster/viewserver/jobs/job.ts';
import type { Progress } from '../../cluster/viewserver/jobs/progress-meter.ts';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import { ClusterError, UsageError } from '../../cluster/errors.ts';
import { withContext, type CommandContext } from './command-context.ts';

const requestMsMax = 20_000;
/** Another view server follows a dead one within seconds, unless none is started. */
const awayMsMax = 120_000;
/** ... for requests that only read; longer than another one takes to become leader. */
const answerMsMax = 15_000;
const retryMs = 500;

export interface PlannedMoves {
  dryRun: true;
  shards?: string[];
  /** The number of slots that would move. */
  slots: number;
  moves: { from: number; to: number; count: number; slots: string }[];
  /** In percent of each shard's quota, for the shards that answered. Moves that leave a shard too full are refused. */
  fills: { shard: number; percentNow: number; percentAfter: number; isTooFull: boolean }[];
}

export interface JobAnswer {
  job: Job;
  progress: Progress;
}

export class ViewClient {
  private readonly find: () => Promise<string | null>;
  private readonly signal: AbortSignal;
  /** Null when the address has to be found anew. */
  private endpoint: string | null = null;

  /** @param find gives the address of a running view server; null when none runs. It is called again when the address was useless. */
  constructor(find: () => Promise<string | null>, signal: AbortSignal) {
    this.find = find;
    this.signal = signal;
  }

  view(): Promise<ViewDocument> {
    return this.persist(answerMsMax, () => this.ask('GET', '/view')) as Promise<ViewDocument>;
  }

  /** Returns the moves that the request would make; changes nothing. */
  plan(method: 'POST' | 'DELETE', path: string, body: object): Promise<PlannedMoves> {
    const asked = { ...body, dryRun: true };
    return this.persist(answerMsMax, () => this.ask(method, path, asked)) as Promise<PlannedMoves>;
  }

  /** Asks for jobs. While the answer is lost, it asks again under the same key, so they are recorded once. */
  async record(method: 'POST' | 'DELETE', path: string, body: object, key: string): Promise<Job[]> {
    const answer = await this.persist(awayMsMax, () => this.ask(method, path, body, key));
    return (answer as { jobs: Job[] }).jobs;
  }

  job(id: string): Promise<JobAnswer> {
    const path = `/jobs/${encodeURIComponent(id)}`;
    return this.persist(awayMsMax, () => this.ask('GET', path)) as Promise<JobAnswer>;
  }

  async abort(path: string): Promise<void> {
    await this.persist(answerMsMax, () => this.ask('DELETE', path));
  }

  /** Repeats the call while no view server answers, each time to the one that is found then. */
  private async persist(forMs: number, call: () => Promise<unknown>): Promise<unknown> {
    const untilMs = performance.now() + forMs;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof ViewServerAway) || performance.now() > untilMs) throw error;
        this.endpoint = null;
        await delay(retryMs, undefined, { signal: this.signal }).catch(() => undefined);
      }
    }
  }

  private async ask(method: string, path: string, body?: object, key?: string): Promise<unknown> {
    const endpoint = (this.endpoint ??= await this.find());
    if (endpoint === null) throw new ViewServerAway('no view server runs');
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${endpoint.replace(/\/+$/, '')}${path}`, {
        method,
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(requestMsMax)]),
        headers: {
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      this.signal.throwIfAborted();
      const reason = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
      throw new ViewServerAway(`the view server at ${endpoint} did not answer: ${reason}`, error);
    }
    const answer = parse(text);
    if (response.ok) return answer;
    const { code, message } = answer.error ?? {};
    const what = message ?? `the view server answered ${response.status}`;
    if (response.status === 400) throw new UsageError(what);
    if (response.status >= 500) throw new ViewServerAway(what);
    throw new ClusterError(code === undefined ? what : `${what} (${code})`);
  }
}

/** No view server answers now, but one may in a moment. */
class ViewServerAway extends ClusterError {
  override name = 'ViewServerAway';

  constructor(message: string, cause?: unknown) {
    super(message, { nextStep: '`make status` tells how it is; `make up` starts it again.', cause });
  }
}

function parse(text: string): { error?: { code?: string; message?: string } } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}

/** @throws UsageError */
export function checkEndpoint(text: string): void {
  // "localhost:5100" would be a URL whose scheme is "localhost:".
  if (!['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''))
    throw new UsageError(`endpoint ${text} is not a URL such as http://127.0.0.1:5100`);
}

/** Runs a command's body with a client of the view server that the flag, VASE_VIEW_ENDPOINT or the cluster names. */
export async function withViewServer(
  flags: { endpoint?: string; json?: boolean },
  body: (context: CommandContext & { client: ViewClient }) => Promise<void>,
): Promise<void> {
  await withContext(flags, async (context) => {
    const given = flags.endpoint ?? process.env['VASE_VIEW_ENDPOINT'];
    const find = given ? async () => given : () => context.provider.viewServerEndpoint();
    if ((await find()) === null)
      throw new ClusterError('there is no view server', {
        nextStep: 'Run `make up`, which starts one unless the topology says viewServers: 0.',
      });
    if (given) checkEndpoint(given);
    await body({ ...context, client: new ViewClient(find, context.signal) });
  });
}
