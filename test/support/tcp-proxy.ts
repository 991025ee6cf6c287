/** A TCP proxy that can lose or hold up the bytes that pass through it, to make real outcomes indefinite on purpose. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * - `forward`: everything passes.
 * - `cut_on_reply`: requests pass; the first bytes of an answer cut the connection instead of passing.
 * - `cut_on_request`: the first bytes of a request cut the connection instead of passing.
 * - `hold`: nothing passes, on any connection, until the mode changes.
 */
export type ProxyMode = 'forward' | 'cut_on_reply' | 'cut_on_request' | 'hold';

export interface TcpProxy {
  /** "127.0.0.1:port" */
  endpoint: string;
  /** Takes effect for the next bytes; falls back to `forward` after one cut. */
  setMode(mode: ProxyMode): void;
  /** New connections reach another "host:port"; the open connections are cut. */
  setTarget(target: string): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  let [host, port] = target.split(':') as [string, string];
  let mode: ProxyMode = 'forward';
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    const cut = () => {
      mode = 'forward';
      client.destroy();
      upstream.destroy();
    };
    client.on('data', (bytes) => (mode === 'cut_on_request' ? cut() : upstream.write(bytes)));
    upstream.on('data', (bytes) => (mode === 'cut_on_reply' ? cut() : client.write(bytes)));
    client.on('end', () => upstream.end());
    upstream.on('end', () => client.end());
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => sockets.delete(socket));
      if (mode === 'hold') socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    setMode(next) {
      mode = next;
      for (const socket of sockets) {
        if (next === 'hold') socket.pause();
        else socket.resume();
      }
    },
    setTarget(next) {
      [host, port] = next.split(':') as [string, string];
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
