/**
 * The connections of one server, and how they end without leaving a request unanswered. A connection is told to end by
 * `connection: close` on the last answer that is owed on it: a client expects no answer behind that one (RFC 9112, section
 * 9.6), so an answer before it must not say so, and a request that comes after it is not run. A connection on which nothing
 * is owed is waited for: its client may be sending at this very moment.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { type Connection, connectionOf } from './connection.ts';

const pollMs = 20;
/**
 * Connections of one server. An open one takes 11 KB of memory and a request on it about as much again, so that a sharder
 * stays within 256 MiB when each connection waits for an answer: with 8000 it took 301.
 */
export const connectionsMax = 3072;
/** Twice the number of connections that the kernel keeps for a port. */
const turnsMax = 2048;
/** A client that was sent FIN gets this long to close its side; meanwhile what it sends is read and dropped. */
const lingerMs = 1000;

/** Node marks a socket with the response that it is for, until that has left. */
type AnsweringSocket = Socket & { _httpMessage?: ServerResponse | null };

export class KeptConnections {
  private readonly connections = new Set<Connection>();
  private isClosing = false;
  /** Connections so far. */
  private taken = 0;
  /** Connections that were closed at once, because the server had as many as it takes. */
  refused = 0;

  constructor(server: Server, isSecure: boolean) {
    server.maxConnections = connectionsMax;
    server.on('drop', () => this.refused++);
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
      const connection = connectionOf(socket);
      connection.group = this.connections;
      this.connections.add(connection);
      this.taken++;
    });
  }

  /**
   * Notes that an answer is owed.
   * @returns false when the connection was told to end: the request must not be run, and gets no answer.
   */
  owe(response: ServerResponse): boolean {
    const connection = connectionOf(response.req.socket);
    const before = connection.newest;
    if (connection.told || before?._last === true) return false;
    connection.newest = response;
    if (!this.isClosing) return true;
    if (before !== null && !before.headersSent) before.shouldKeepAlive = true;
    response.shouldKeepAlive = false;
    return true;
  }

  /**
   * Takes the connections that the kernel has accepted: it resets them when the port is closed, unless Linux's
   * net.ipv4.tcp_migrate_req gives them to another process that shares the port. A connection that comes between the last
   * look and the close is still reset: clients that connect anew all the time see it a few times in a hundred stops of a
   * busy process. libuv takes one connection in a turn of its loop.
   */
  async takeWaiting(): Promise<void> {
    await turn();
    for (let before = -1, turns = 0; before !== this.taken && turns < turnsMax; turns++) {
      before = this.taken;
      await turn();
    }
  }

  /** From here on every connection is told to end. */
  closeAll(): void {
    this.isClosing = true;
    for (const { newest } of this.connections)
      if (newest !== null && !newest.headersSent) newest.shouldKeepAlive = false;
  }

  /**
   * Waits until every connection has ended. One on which nothing is owed has `idleMs` to send its next request, whose
   * answer tells it to end; then it is sent FIN.
   */
  async drain(idleMs: number, signal: AbortSignal): Promise<void> {
    const readBefore = new Map([...this.connections].map((each) => [each, each.socket.bytesRead]));
    const idleUntilMs = performance.now() + idleMs;
    while (this.connections.size > 0 && !signal.aborted) {
      if (performance.now() >= idleUntilMs) {
        // What has arrived by now is read first.
        await turn();
        for (const connection of this.connections)
          if (!connection.told && isIdle(connection.socket, readBefore.get(connection) ?? 0)) end(connection);
      }
      await delay(pollMs);
    }
  }
}

function end(connection: Connection): void {
  const { socket } = connection;
  connection.told = true;
  socket.end();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** Nothing is owed, and no part of a request has come since so many bytes were read. */
function isIdle(socket: AnsweringSocket, readBefore: number): boolean {
  return !socket._httpMessage && socket.bytesRead === readBefore;
}
