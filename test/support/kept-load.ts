/**
 * Load on kept connections, one request at a time on each. It counts the requests that no client may try again: those that
 * were sent and got no answer. It opens a new connection after one that was refused, that ended before a request was sent on
 * it, or that was told to close.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const again = 5;

export interface KeptLoadCounts {
  answered: number;
  /** By status. */
  statuses: Record<number, number>;
  /** Answers that told the connection to close. */
  told: number;
  refused: number;
  /** Requests that were sent and got no answer, each with how the connection ended. */
  lost: string[];
}

export class KeptLoad {
  readonly counts: KeptLoadCounts = { answered: 0, statuses: {}, told: 0, refused: 0, lost: [] };
  private readonly host: string;
  private readonly port: number;
  private readonly ended: Promise<unknown>;
  private isOver = false;

  constructor(url: string, connections = 16) {
    const { hostname, port } = new URL(url);
    this.host = hostname;
    this.port = Number(port);
    this.ended = Promise.all(Array.from({ length: connections }, (_, id) => this.keep(id)));
  }

  /** Waits for the requests under way. */
  async stop(): Promise<KeptLoadCounts> {
    this.isOver = true;
    await this.ended;
    return this.counts;
  }

  private async keep(id: number): Promise<void> {
    while (!this.isOver) {
      await this.useConnection(id);
      await delay(again);
    }
  }

  /** Resolves when the connection has ended. */
  private useConnection(id: number): Promise<void> {
    const { counts } = this;
    return new Promise((resolve) => {
      const socket = connect(this.port, this.host);
      let isWaiting = false;
      let isConnected = false;
      let text = '';
      let how = 'end';
      const next = () => {
        if (this.isOver) return socket.end();
        isWaiting = true;
        send(socket, `${this.host}:${this.port}`, `kept-${id}`);
      };
      socket.once('connect', () => {
        isConnected = true;
        next();
      });
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        const answer = wholeAnswer(text);
        if (answer === null) return;
        text = '';
        isWaiting = false;
        counts.answered++;
        counts.statuses[answer.status] = (counts.statuses[answer.status] ?? 0) + 1;
        if (answer.closes) {
          counts.told++;
          socket.end();
        } else next();
      });
      socket.once('error', (error: NodeJS.ErrnoException) => (how = error.code ?? error.message));
      socket.once('close', () => {
        if (!isConnected) counts.refused++;
        else if (isWaiting) counts.lost.push(how);
        resolve();
      });
    });
  }
}

function send(socket: Socket, host: string, key: string): void {
  socket.write(`PUT /v1/kv/${key} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 1\r\n\r\nx`);
}

function wholeAnswer(text: string): { status: number; closes: boolean } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end);
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (text.length < end + 4 + length) return null;
  return { status: Number(head.slice(9, 12)), closes: /connection: close/i.test(head) };
}
