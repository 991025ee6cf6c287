/** The connections of one client process, one for each listener it has spoken to. They end with the process. */
import { Connection, type Listener } from './connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { Network } from './network.ts';
import type { SimProcess } from '../host/process.ts';

export class ConnectionPool {
  readonly client: SimProcess;
  readonly #network: Network;
  readonly #counters: FaultCounters;
  readonly #connections = new Map<Listener, Connection>();

  constructor(client: SimProcess, network: Network, counters: FaultCounters) {
    this.client = client;
    this.#network = network;
    this.#counters = counters;
    client.onCrash.push(() => {
      for (const connection of this.#connections.values()) connection.abandon();
      this.#connections.clear();
    });
  }

  /** @param settings count for the first call with this listener. */
  to(listener: Listener, settings: ConnectionSettings): Connection {
    let connection = this.#connections.get(listener);
    if (connection === undefined) {
      connection = new Connection({
        client: this.client,
        listener,
        network: this.#network,
        counters: this.#counters,
        settings,
      });
      this.#connections.set(listener, connection);
    }
    return connection;
  }
}
