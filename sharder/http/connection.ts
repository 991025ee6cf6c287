/**
 * A user's connection: one object for each socket, found from the socket. It is the client that the store knows, it ends
 * what the requests on it hold when it closes, and it hears the socket's errors for as long as the socket is there: Node
 * takes its own listeners away when it hands a socket over (CONNECT) or gives it up, and an error that nobody hears ends
 * the process. Two listeners a socket, none a request.
 */
import type { Socket } from 'node:net';
import type { Client, ExecuteOptions, Spent } from '../core/client.ts';
import { noteSpent } from './slow-requests.ts';

const connectionOfSocket = Symbol("a socket's connection");

interface KnownSocket extends Socket {
  [connectionOfSocket]?: Connection;
}

/** What must end with the connection. */
interface Ending {
  end(): void;
}

export class Connection implements Client {
  /** Of an operation that is a request by itself; made once, because every request asks for it. */
  readonly executeOptions: ExecuteOptions = { client: this };
  private readonly socket: Socket;
  private readonly open = new Set<Ending>();

  constructor(socket: KnownSocket) {
    this.socket = socket;
    socket[connectionOfSocket] = this;
    socket.on('error', hear);
    socket.on('close', () => this.end());
  }

  /** Also after the client's FIN: Node then ends its side as well, and no answer can be sent any more. */
  get gone(): boolean {
    return this.socket.destroyed || this.socket.writableEnded;
  }

  onSlow(spent: Spent): void {
    noteSpent(this.socket, spent);
  }

  /** Ends it when the connection closes, unless it has left by then. */
  join(ending: Ending): void {
    this.open.add(ending);
  }

  leave(ending: Ending): void {
    this.open.delete(ending);
  }

  /** Nothing that its requests still do is needed any more. */
  end(): void {
    for (const ending of this.open) ending.end();
  }
}

/** The close that follows says all that there is to know. */
function hear(): void {}

export function connectionOf(socket: KnownSocket): Connection {
  return socket[connectionOfSocket] ?? new Connection(socket);
}
