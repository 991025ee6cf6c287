/**
 * One client's connections to the store: one to each door. It distinguishes an answer from a request that was never sent
 * and from one that was lost; it repeats nothing.
 */
import { Agent, request as startRequest, type ClientRequest } from 'node:http';

/** Longer than a sharder's operation timeout of 5 s: its answer says more than a broken connection. */
const answerMsMax = 7000;

export interface StoreRequest {
  method: 'GET' | 'PUT' | 'DELETE';
  /** With the scheme, the host and the path. */
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
}

export type Answer =
  | { kind: 'reply'; status: number; headers: Readonly<Record<string, string | undefined>>; body: string }
  /** No connection came about, so nothing was sent. */
  | { kind: 'not_sent' }
  /** It was sent, or may have been, and no whole answer came. */
  | { kind: 'lost' };

export class StoreCaller {
  private agent = createAgent();

  /** Never throws. The signal breaks the connection: then the answer is lost. */
  async call(options: StoreRequest, signal: AbortSignal): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve) => this.start(options, signal, resolve));
    if (answer.kind === 'lost') this.reconnect();
    return answer;
  }

  /** The next request opens a new connection, behind which the system may have put another sharder. */
  reconnect(): void {
    this.agent.destroy();
    this.agent = createAgent();
  }

  close(): void {
    this.agent.destroy();
  }

  private start(options: StoreRequest, signal: AbortSignal, resolve: (answer: Answer) => void): void {
    const { method, url, headers, body } = options;
    const request = startRequest(url, { method, agent: this.agent, headers });
    const breakOff = () => void request.destroy(new Error('no answer in time'));
    const timer = setTimeout(breakOff, answerMsMax);
    signal.addEventListener('abort', breakOff);
    const settle = (answer: Answer) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', breakOff);
      resolve(answer);
    };
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        const replyHeaders = response.headers as Record<string, string | undefined>;
        if (!response.complete) settle({ kind: 'lost' });
        else settle({ kind: 'reply', status: response.statusCode!, headers: replyHeaders, body: text });
      });
      response.on('error', () => settle({ kind: 'lost' }));
    });
    request.on('error', (error) => settle({ kind: wasRefused(error, request) ? 'not_sent' : 'lost' }));
    if (signal.aborted) breakOff();
    request.end(body ?? undefined);
  }
}

function createAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

function wasRefused(error: NodeJS.ErrnoException, request: ClientRequest): boolean {
  return error.code === 'ECONNREFUSED' && !request.reusedSocket;
}
