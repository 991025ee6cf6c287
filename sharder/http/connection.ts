/**
 * A user's connection: one object for each socket, found from the socket. It is the client that the store knows, it ends
 * what the requests on it hold when it closes, and it hears the socket's errors for as long as the socket is there: Node
 * takes its own listeners away when it hands a socket over (CONNECT) or gives it up, and an error that nobody hears ends
 * the process. Two listeners a socket, none a request; and nothing of a request is kept once it is answered, because there
 * may be thousands of connections.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Client, ExecuteOptions, Spent } from '../core/client.ts';
import { present } from '../core/invariant.ts';
import { noteSpent } from './slow-requests.ts';

const connectionOfSocket = Symbol("a socket's connection");

interface KnownSocket extends Socket {
  [connectionOfSocket]?: Connection;
}

/** What must end with the connection. */
interface Ending {
  end(): void;
}

/** Node marks an answer that says `connection: close` with `_last`, once its headers are fixed. */
export type Answer = ServerResponse & { _last?: boolean };

export class Connection implements Client {
  /** Of an operation that is a request by itself; made once, because every request asks for it. */
  readonly executeOptions: ExecuteOptions = { client: this };
  readonly socket: Socket;
  /** The newest answer that is owed; null when that was written, or none was asked for yet. */
  newest: Answer | null = null;
  /** Whether the client was told to end, or was sent FIN: what it asks from here on is not answered. */
  told = false;
  /** The connections of the same server, of which it is one until it closes; null: it is none of them. */
  group: Set<Connection> | null = null;
  private open: Set<Ending> | null = null;

  constructor(socket: KnownSocket) {
    this.socket = socket;
    socket[connectionOfSocket] = this;
    socket.on('error', hear);
    socket.on('close', endOf);
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
    this.open ??= new Set();
    this.open.add(ending);
  }

  leave(ending: Ending): void {
    this.open?.delete(ending);
  }

  /** An answer was handed to Node whole. */
  written(answer: Answer): void {
    if (answer._last === true) this.told = true;
    if (this.newest === answer) this.newest = null;
  }

  /** Nothing that its requests still do is needed any more. */
  end(): void {
    if (this.open !== null) for (const ending of this.open) ending.end();
  }
}

function endOf(this: KnownSocket): void {
  const connection = present(this[connectionOfSocket], 'the connection of a socket');
  connection.group?.delete(connection);
  connection.end();
}

/** The close that follows says all that there is to know. */
function hear(): void {}

export function connectionOf(socket: KnownSocket): Connection {
  return socket[connectionOfSocket] ?? new Connection(socket);
}
