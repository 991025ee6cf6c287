/**
 * One connection of the load process: one request at a time, written as bytes that are made once, and of the answer only
 * what tells its status and its end. A tenth of the processor time of Node's own client: the load must not be the limit.
 */
import { connect, type Socket } from 'node:net';

/** The status, or why there is none: the code of the socket's error, "closed" or "malformed". */
export type Ending = number | string;

export interface RawRequest {
  head: string;
  body: Buffer;
}

const headEnd = '\r\n\r\n';

export class RawConnection {
  private readonly socket: Socket;
  private readonly onIdle: (connection: RawConnection) => void;
  private ended: ((ending: Ending) => void) | null = null;
  private received = '';
  private isOver = false;

  /** @param onIdle takes the connection whenever it is free for another request. */
  constructor(address: { host: string; port: number }, onIdle: (connection: RawConnection) => void) {
    this.onIdle = onIdle;
    this.socket = connect({ ...address, noDelay: true });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text) => this.receive(text as unknown as string));
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.finish(error.code ?? error.message));
    this.socket.on('close', () => this.finish('closed'));
  }

  get isUsable(): boolean {
    return !this.isOver;
  }

  /** Small bodies go with the head in one write. */
  send({ head, body }: RawRequest, ended: (ending: Ending) => void): void {
    this.ended = ended;
    this.received = '';
    if (body.length <= 4096) {
      this.socket.write(head + body.toString('latin1'), 'latin1');
      return;
    }
    this.socket.cork();
    this.socket.write(head, 'latin1');
    this.socket.write(body);
    this.socket.uncork();
  }

  destroy(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  private receive(text: string): void {
    if (this.ended === null) return;
    this.received = this.received === '' ? text : this.received + text;
    const end = this.received.indexOf(headEnd);
    if (end < 0) return;
    const head = this.received.slice(0, end).toLowerCase();
    const status = Number(head.slice(9, 12));
    const length = status === 204 ? 0 : Number(/\r\ncontent-length: *([0-9]+)/.exec(head)?.[1]);
    if (!(status >= 200) || !(length >= 0)) return this.finish('malformed');
    if (this.received.length < end + headEnd.length + length) return;
    const { ended } = this;
    this.ended = null;
    if (head.includes('\r\nconnection: close')) this.destroy();
    else this.onIdle(this);
    ended(status);
  }

  private finish(ending: Ending): void {
    this.isOver = true;
    this.socket.destroy();
    const { ended } = this;
    this.ended = null;
    ended?.(ending);
  }
}
