/** A state folder that names a store with one value under every key: for tests of what a command loads before its request. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class KnownStore {
  readonly stateRoot = mkdtempSync(join(tmpdir(), 'vase-known-store-'));
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(value: string): Promise<KnownStore> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { etag: '"7"', 'vase-shard': 'etcd-1' }).end(value);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const store = new KnownStore(server);
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(store.stateRoot, 'cluster.json'), JSON.stringify({ format: 1, httpPort: port }));
    return store;
  }

  /** The environment of a command that must find this store, and no user's cluster. */
  get environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    return { PATH, HOME, VASE_STATE: this.stateRoot };
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
    rmSync(this.stateRoot, { recursive: true, force: true });
  }
}
