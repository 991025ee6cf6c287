/** A client as no library makes it: bytes in pieces, read or not, and every way to end a connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { speakTls, type Spoiling } from './tls-client.ts';

/** How a client ends: by FIN, by its half alone, by a reset, or as one that waits for its answers first. */
export type Ending = 'fin' | 'half-close' | 'reset' | 'wait';

export interface HostileClient {
  /** Sent one after the other on one connection. */
  requests: readonly string[];
  /** How much of it is sent, as a share. */
  sent: number;
  /** Into how many pieces it is cut. */
  pieces: number;
  pauseMs: number;
  reads: boolean;
  ending: Ending;
  /** Between the last byte and the end. */
  staysMs: number;
  /** Absent: it speaks plain text, whatever the port speaks. */
  tls?: { spoiling: Spoiling | null };
}

/** @param request the bytes of one, as Latin-1. */
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
 * As above, on a port that speaks TLS: some speak plain text to it, some TLS as it is to be, and some spoil it in the
 * handshake (a client's first 600 bytes or so) or after it.
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

/** A half-closed connection that the server has not closed by then is reset. */
const patienceMs = 500;

/** Carries it out, and leaves no connection behind. How many requests were begun. */
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
    // Nobody waits until it is taken: a server that reads no more must not keep the client here.
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

/** Plays all of them, so many at a time. How many requests were begun. */
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
