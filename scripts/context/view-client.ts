/** A client of the view server's HTTP interface, for the commands that grow, shrink and rebalance a cluster. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../../cluster/viewserver/jobs/job.ts';
import type { Progress } from '../../cluster/viewserver/jobs/progress-meter.ts';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import { ClusterError, UsageError } from '../../cluster/errors.ts';
import { withContext, type CommandContext } from './command-context.ts';

const requestMsMax = 20_000;
/** A view server that died is followed by another within seconds; one that nobody starts again never is. */
const awayMsMax = 120_000;
/** ... for what is only asked; longer than it takes another one to lead. */
const answerMsMax = 15_000;
const retryMs = 500;

export interface PlannedMoves {
  dryRun: true;
  shards?: string[];
  /** How many would move. */
  slots: number;
  moves: { from: number; to: number; count: number; slots: string }[];
  /** Of each shard's quota, in percent; of shards that answered. Moves that leave one too full are refused. */
  fills: { shard: number; percentNow: number; percentAfter: number; isTooFull: boolean }[];
}

export interface JobAnswer {
  job: Job;
  progress: Progress;
}

export class ViewClient {
  private readonly find: () => Promise<string | null>;
  private readonly signal: AbortSignal;
  /** Null when it has to be found anew. */
  private endpoint: string | null = null;

  /** @param find gives the address of a view server that runs; null when none does. Asked again when it was of no use. */
  constructor(find: () => Promise<string | null>, signal: AbortSignal) {
    this.find = find;
    this.signal = signal;
  }

  view(): Promise<ViewDocument> {
    return this.persist(answerMsMax, () => this.ask('GET', '/view')) as Promise<ViewDocument>;
  }

  /** The moves that the request would lead to; changes nothing. */
  plan(method: 'POST' | 'DELETE', path: string, body: object): Promise<PlannedMoves> {
    const asked = { ...body, dryRun: true };
    return this.persist(answerMsMax, () => this.ask(method, path, asked)) as Promise<PlannedMoves>;
  }

  /** Has jobs recorded. Asked again under the same key while the answer is lost: it is done once. */
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

  /** Repeats while no view server answers; whichever is found then is asked. */
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

/** It may answer in a moment. */
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
