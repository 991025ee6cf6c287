/** The load process's connections: the one that was used last is used next, and a new one is made when none is free. */
import { type Ending, RawConnection, type RawRequest } from './raw-connection.ts';

export class ConnectionPool {
  private readonly address: { host: string; port: number };
  private readonly all = new Set<RawConnection>();
  private readonly free: RawConnection[] = [];
  /** Connections that were made. */
  made = 0;
  /** Requests under way. */
  open = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.address = { host: hostname, port: Number(port) };
  }

  send(request: RawRequest, ended: (ending: Ending) => void): void {
    this.open++;
    this.take().send(request, (ending) => {
      this.open--;
      ended(ending);
    });
  }

  close(): void {
    for (const connection of this.all) connection.destroy();
    this.all.clear();
    this.free.length = 0;
  }

  private take(): RawConnection {
    for (;;) {
      const connection = this.free.pop();
      if (connection === undefined) break;
      if (connection.isUsable) return connection;
      this.all.delete(connection);
    }
    this.made++;
    const connection = new RawConnection(this.address, (idle) => this.free.push(idle));
    this.all.add(connection);
    return connection;
  }
}
