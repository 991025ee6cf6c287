/**
 * Local ports that lead to ports of pods, over the Kubernetes API: the same on Linux and macOS, for every cluster. A tunnel
 * keeps its name and port; each connection asks anew which pod it leads to, so that the tunnel outlives pods.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';

const localHost = '127.0.0.1';

export interface TunnelEnd {
  /** Names the tunnel. */
  name: string;
  port: number;
  /** The pod that it leads to now; null when there is none. */
  pod: () => string | null;
}

export class Tunnels {
  private readonly client: KubernetesClient;
  private readonly namespace: string;
  private readonly servers = new Map<string, Promise<Server>>();

  constructor(client: KubernetesClient, namespace: string) {
    this.client = client;
    this.namespace = namespace;
  }

  /** "127.0.0.1:41234" */
  async open(end: TunnelEnd): Promise<string> {
    const key = `${end.name}:${end.port}`;
    let server = this.servers.get(key);
    if (server === undefined) {
      server = this.listen(end);
      this.servers.set(key, server);
    }
    return `${localHost}:${((await server).address() as AddressInfo).port}`;
  }

  /** Ends the tunnels and their connections. */
  async close(): Promise<void> {
    const servers = await Promise.all(this.servers.values());
    this.servers.clear();
    for (const server of servers) server.close();
    this.client.close();
  }

  private async listen({ port, pod }: TunnelEnd): Promise<Server> {
    const server = createServer({ allowHalfOpen: false }, (socket) => {
      const name = pod();
      if (name === null) socket.destroy();
      else void this.client.forward(socket, { namespace: this.namespace, pod: name, port });
    });
    server.listen({ port: 0, host: localHost });
    await once(server, 'listening');
    // An open tunnel does not keep a command from ending.
    server.unref();
    return server;
  }
}
