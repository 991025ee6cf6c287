/**
 * A user's connection: one object for each socket, found from the socket. It is the client that the store knows, it ends
 * what the requests on it hold when it closes, and it hears the socket's errors for as long as the socket is there: Node
 * takes its own listeners away when it hands a socket over (CONNECT) or gives it up, and an error that nobody hears ends
 * the process. A socket gets two listeners, a request none; and a connection keeps nothing of an answered request, because
 * there may be thousands of connections.
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
  /** Options of an operation that is a request by itself; made once, because every request needs them. */
  readonly executeOptions: ExecuteOptions = { client: this };
  readonly socket: Socket;
  /** The newest answer that is owed; null when it was written, or before the first request. */
  newest: Answer | null = null;
  /** Whether the client was told to end, or was sent FIN: later requests are not answered. */
  told = false;
  /** The connections of the same server, with this one until it closes; null: it is in no server's set. */
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

  /** Ends `ending` when the connection closes, unless it has left before. */
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

  /** Ends what its requests hold: nobody needs their results any more. */
  end(): void {
    if (this.open !== null) for (const ending of this.open) ending.end();
  }
}

function endOf(this: KnownSocket): void {
  const connection = present(this[connectionOfSocket], 'the connection of a socket');
  connection.group?.delete(connection);
  connection.end();
}

/** The `close` event that follows is enough. */
function hear(): void {}

export function connectionOf(socket: KnownSocket): Connection {
  return socket[connectionOfSocket] ?? new Connection(socket);
}
