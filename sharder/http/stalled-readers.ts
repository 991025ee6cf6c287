/**
 * Cuts off clients that take nothing of an answer for a while. The timer runs only where bytes are left after a write, or
 * where answers follow each other without being asked for again: armed for every request it costs each a twentieth.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const defaultStalledMs = 10_000;

/** Node tells a socket its server, and marks it with the response that it is for. */
type ServedSocket = Socket & { server?: Server; _httpMessage?: ServerResponse | null };

const stalledMsOf = new WeakMap<Server, number>();

export function cutOffStalled(server: Server, stalledMs: number): void {
  stalledMsOf.set(server, stalledMs);
  // After so long without a byte to or fro; what waits for a shard, or for a body, has bounds of its own.
  server.on('timeout', (socket: ServedSocket) => {
    if (socket.writableLength > 0 || !socket._httpMessage) socket.destroy();
  });
}

/** From here on, and until the connection is idle, the client must take what is written. */
export function watchReader(socket: ServedSocket): void {
  const stalledMs = socket.server && stalledMsOf.get(socket.server);
  socket.setTimeout(stalledMs ?? defaultStalledMs);
}
