// Pings over real sessions: only while something is asked, and a peer that is silent costs the session.
import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer } from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer as createNetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { KeepAlive } from '../../../sharder/etcd/keep-alive.ts';

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

/** A peer that counts pings, behind a wire that can lose everything. */
async function connected() {
  const state = { pings: 0, isCut: false };
  const server = createServer();
  server.on('session', (session) => {
    session.on('ping', () => state.pings++);
    session.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wire = createNetServer((client) => {
    const upstream = connectTcp((server.address() as AddressInfo).port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (bytes) => state.isCut || to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const session = connect(`http://127.0.0.1:${(wire.address() as AddressInfo).port}`);
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  ended.push(() => {
    session.destroy();
    wire.close();
    server.close();
  });
  return { session, state };
}

const keep = (session: ClientHttp2Session, keepAliveTimeoutMs: number) =>
  new KeepAlive(session, { keepAliveMs: 50, keepAliveTimeoutMs });

test('nobody pings while nothing is asked, and the first call is tried at once', async () => {
  const { session, state } = await connected();
  const keepAlive = keep(session, 20_000);
  await delay(300);
  expect(state.pings).toBe(0);
  keepAlive.callBegan();
  await expect.poll(() => state.pings, { timeout: 10_000 }).toBeGreaterThan(2);
  keepAlive.callEnded();
  // One may be on its way yet.
  const before = state.pings;
  await delay(300);
  expect(state.pings).toBeLessThanOrEqual(before + 1);
  expect(session.destroyed).toBe(false);
});

test('a peer that is silent costs the session', async () => {
  const { session, state } = await connected();
  const keepAlive = keep(session, 200);
  state.isCut = true;
  await delay(300);
  expect(session.destroyed).toBe(false);
  keepAlive.callBegan();
  await expect.poll(() => session.destroyed, { timeout: 10_000 }).toBe(true);
});
