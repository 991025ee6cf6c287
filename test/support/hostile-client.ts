/** A client unlike any library's: it sends bytes in pieces, reads or does not, and ends a connection in every possible way. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { speakTls, type Spoiling } from './tls-client.ts';

/** How a client ends: with a FIN, with its own half only, with a reset, or after it has waited for its answers. */
export type Ending = 'fin' | 'half-close' | 'reset' | 'wait';

export interface HostileClient {
  /** Sent one after the other on one connection. */
  requests: readonly string[];
  /** The share of the requests' bytes that is sent. */
  sent: number;
  /** The number of pieces into which the bytes are cut. */
  pieces: number;
  pauseMs: number;
  reads: boolean;
  ending: Ending;
  /** The time between the last byte and the end. */
  staysMs: number;
  /** Left out: the client speaks plain text, whatever the port speaks. */
  tls?: { spoiling: Spoiling | null };
}

/** @param request the bytes of one request, as Latin-1. */
export function hostileClient(request: fc.Arbitrary<string>): fc.Arbitrary<HostileClient> {
  return fc.record({
    requests: fc.array(request, { minLength: 1, maxLength: 6 }),
    sent: fc.oneof(
      { weight: 2, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    ),
    pieces: fc.constantFrom(1, 1, 2, 5),
    pauseMs: fc.constantFrom(0, 0, 1, 5),
    reads: fc.boolean(),
    ending: fc.constantFrom<Ending>('fin', 'half-close', 'reset', 'wait'),
    staysMs: fc.constantFrom(0, 1, 5, 30),
  });
}

/**
 * As above, on a port that speaks TLS: some clients speak plain text to it, some correct TLS, and some spoil their TLS in
 * the handshake (a client's first 600 bytes or so) or after it.
 */
export function hostileTlsClient(request: fc.Arbitrary<string>): fc.Arbitrary<HostileClient> {
  const spoiling = fc.record({
    at: fc.oneof(fc.nat(600), fc.nat(3000)),
    how: fc.constantFrom<Spoiling['how']>('flip', 'insert', 'plain', 'cut'),
    bytes: fc.oneof(
      request,
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
  });
  const tls = fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.constant({ tls: { spoiling: null } }) },
    { weight: 4, arbitrary: spoiling.map((each) => ({ tls: { spoiling: each } })) },
  );
  return fc.tuple(hostileClient(request), tls).map(([client, how]) => ({ ...client, ...how }));
}

/** A half-closed connection that the server has not closed after this time is reset. */
const patienceMs = 500;

/** Plays one client, and leaves no connection behind. @returns how many requests were begun. */
async function play(port: number, client: HostileClient): Promise<number> {
  const bytes = Buffer.from(client.requests.join(''), 'latin1');
  const sent = bytes.subarray(0, Math.ceil(bytes.length * client.sent));
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').catch(() => undefined);
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed]);
  const stream = client.tls === undefined ? socket : await speakTls(socket, client.tls.spoiling);
  if (client.reads) stream.resume();
  else stream.pause();
  const pieceBytes = Math.max(1, Math.ceil(sent.length / client.pieces));
  for (let at = 0; at < sent.length && !stream.destroyed; at += pieceBytes) {
    // Does not wait until the bytes are taken: a server that has stopped reading must not keep the client here.
    stream.write(sent.subarray(at, at + pieceBytes));
    if (client.pauseMs > 0) await sleep(client.pauseMs);
  }
  await sleep(client.staysMs);
  await end(socket, client, closed);
  let begun = 0;
  let length = 0;
  for (const request of client.requests) {
    if (length < sent.length) begun++;
    length += request.length;
  }
  return begun;
}

async function end(socket: Socket, { ending }: HostileClient, closed: Promise<unknown>): Promise<void> {
  switch (ending) {
    case 'reset':
      socket.resetAndDestroy();
      break;
    case 'fin':
      socket.destroy();
      break;
    case 'half-close':
      socket.end();
      await Promise.race([closed, sleep(patienceMs)]);
      socket.resetAndDestroy();
      break;
    case 'wait':
      await Promise.race([once(socket, 'data').catch(() => undefined), closed, sleep(patienceMs / 5)]);
      socket.destroy();
  }
  await closed;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Plays all clients, `atATime` of them at once. @returns how many requests were begun. */
export async function playAll(
  port: number,
  clients: readonly HostileClient[],
  atATime: number,
): Promise<number> {
  let next = 0;
  let begun = 0;
  const work = async () => {
    while (next < clients.length) {
      const index = next++;
      const count = await play(port, clients[index]!);
      begun += count;
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return begun;
}
