/** The view server as a run asks it: jobs, the view, and its events while it may die and come back at any time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../../cluster/viewserver/jobs/job.ts';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import type { LocalProvider } from '../../cluster/providers/local/local-provider.ts';

const retryMs = 100;
const awayMsMax = 60_000;

export interface MoveEvent {
  name: string;
  data: Record<string, unknown>;
}

export class ViewServer {
  private readonly provider: LocalProvider;
  private readonly stopped = new AbortController();

  constructor(provider: LocalProvider) {
    this.provider = provider;
  }

  view(): Promise<ViewDocument> {
    return this.ask('GET', '/view') as Promise<ViewDocument>;
  }

  autoscaler(): Promise<{ decisions: Record<string, unknown>[] }> {
    return this.ask('GET', '/autoscaler') as Promise<{ decisions: Record<string, unknown>[] }>;
  }

  /** Asked for once, however often it has to be asked. @throws Error when a job does not end as done. */
  async carryOut(method: 'POST' | 'DELETE', path: string, body: object, key: string): Promise<Job[]> {
    const { jobs } = (await this.ask(method, path, body, key)) as { jobs: Job[] };
    const ended: Job[] = [];
    for (const { id } of jobs) ended.push(await this.whenEnded(id));
    const bad = ended.find(({ state }) => state !== 'done');
    if (bad !== undefined) throw new Error(`job ${bad.id} ${bad.state}: ${bad.note}`);
    return ended;
  }

  async whenClean(timeoutMs: number): Promise<ViewDocument> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const view = await this.view();
      if (view.isClean) return view;
      if (performance.now() > untilMs) throw new Error(`not clean: ${JSON.stringify(view.jobs)}`);
      await delay(retryMs);
    }
  }

  /** Calls back with every event, from now on, over all view servers that lead, until `stop`. */
  async follow(onEvent: (event: MoveEvent) => void): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        const endpoint = await this.provider.viewServerEndpoint();
        const response = await fetch(`${endpoint}/events`, { signal });
        if (!response.ok) throw new Error(String(response.status));
        let text = '';
        for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
          const parts = (text + piece).split('\n\n');
          text = parts.pop()!;
          for (const part of parts) {
            const match = /^id: \d+\nevent: (.*)\ndata: (.*)$/.exec(part);
            if (match) onEvent({ name: match[1]!, data: JSON.parse(match[2]!) as Record<string, unknown> });
          }
        }
      } catch {
        // It died, or nobody leads for the moment.
      }
      await delay(retryMs);
    }
  }

  stop(): void {
    this.stopped.abort();
  }

  private async whenEnded(id: string): Promise<Job> {
    for (;;) {
      const { job } = (await this.ask('GET', `/jobs/${id}`)) as { job: Job };
      if (job.endedAt !== null) return job;
      await delay(retryMs);
    }
  }

  private async ask(method: string, path: string, body?: object, key?: string): Promise<unknown> {
    const untilMs = performance.now() + awayMsMax;
    for (;;) {
      const answer = await this.askOnce(method, path, body, key);
      if (answer !== null) return answer;
      if (performance.now() > untilMs) throw new Error(`no view server answers ${method} ${path}`);
      await delay(retryMs);
    }
  }

  /** Null while none answers. */
  private async askOnce(method: string, path: string, body?: object, key?: string): Promise<unknown> {
    try {
      const endpoint = await this.provider.viewServerEndpoint();
      const response = await fetch(`${endpoint}${path}`, {
        method,
        signal: AbortSignal.timeout(10_000),
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text) as unknown;
      if (response.status < 500) throw new Refused(`${method} ${path}: ${text}`);
      return null;
    } catch (error) {
      if (error instanceof Refused) throw error;
      return null;
    }
  }
}

class Refused extends Error {
  override name = 'Refused';
}
