/**
 * Cuts off clients that take nothing of an answer for a while. The timer runs only where bytes are left after a write, or
 * where a client sends requests without waiting for answers: armed for every request it costs each a twentieth.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const defaultStalledMs = 10_000;

/** Node sets a socket's server, and marks the socket with the response that it is for. */
type ServedSocket = Socket & { server?: Server; _httpMessage?: ServerResponse | null };

const stalledMsOf = new WeakMap<Server, number>();

export function cutOffStalled(server: Server, stalledMs: number): void {
  stalledMsOf.set(server, stalledMs);
  // Comes after so long without a byte in or out; a wait for a shard, or for a body, has bounds of its own.
  server.on('timeout', (socket: ServedSocket) => {
    if (socket.writableLength > 0 || !socket._httpMessage) socket.destroy();
  });
}

/** From here on, and until the connection is idle, the client must take what is written. */
export function watchReader(socket: ServedSocket): void {
  const stalledMs = socket.server && stalledMsOf.get(socket.server);
  socket.setTimeout(stalledMs ?? defaultStalledMs);
}
