/** Twice the connections that a sharder takes, each with a request under way: the sharder lives, and its memory stays bounded. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectionsMax } from '../../../sharder/http/kept-connections.ts';
import { type Edge, openEdge, peakBytesMax, portOf } from './open-edge.ts';

let edge: Edge;

beforeAll(async () => {
  edge = await openEdge({ shards: 1, members: 1 });
});
afterAll(() => edge.cluster.close());

/** Resolves when the socket is connected, or refused. */
function open(): Promise<Socket> {
  const socket = connect(portOf(edge.user), '127.0.0.1');
  socket.on('error', () => undefined);
  return new Promise((resolve) =>
    socket.once('connect', () => resolve(socket)).once('close', () => resolve(socket)),
  );
}

/** The status of the answer, or null when there was none. */
function ask(socket: Socket, key: string): Promise<string | null> {
  return new Promise((resolve) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1', 9, 12)));
    socket.once('close', () => resolve(null));
    if (socket.destroyed) resolve(null);
    else
      socket.write(
        `PUT /v1/kv/${key} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 128\r\n\r\n${'x'.repeat(128)}`,
      );
  });
}

test('twice as many connections as are taken, all of which ask at once, cost no more memory than there is', async () => {
  const sockets: Socket[] = [];
  try {
    while (sockets.length < 2 * connectionsMax)
      sockets.push(...(await Promise.all(Array.from({ length: 256 }, open))));
    for (let round = 0; round < 4; round++) {
      const statuses = await Promise.all(sockets.map((socket, number) => ask(socket, `key-${number}`)));
      const answered = statuses.filter((status) => status !== null);
      expect(answered.length).toBeGreaterThan(connectionsMax / 2);
      expect(answered.length).toBeLessThanOrEqual(connectionsMax);
      for (const status of new Set(answered)) expect(['204', '429', '503', '504']).toContain(status);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  const metrics = await (await fetch(`${edge.admin}/metrics`)).text();
  expect(metrics).toMatch(/^vase_connections_refused_total\{port="public"\} [1-9]/m);
  await edge.expectNothingHeld();
  await edge.expectServing();
  const peak = edge.peakBytes();
  if (peak !== null) expect(peak).toBeLessThan(peakBytesMax);
});
