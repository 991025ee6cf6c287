/** The process's and its server's side of /metrics: the delay of the event loop, connections, and early refusals. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Server } from 'node:http';
import type { EarlyRefusals } from './early-refusals.ts';
import { refusedConnections } from './server.ts';

/** @param servers by the name of their port. */
export function registerServerMetrics(
  registry: Registry,
  refusals: EarlyRefusals,
  servers: Readonly<Record<string, Server | null>>,
): void {
  const registers = [registry];
  const metrics = [
    new Gauge({
      name: 'vase_loop_delay_seconds',
      help: 'How late the newest heartbeat of the event loop was; refused early is what stands behind it.',
      registers,
      collect() {
        this.set(refusals.delayMs / 1000);
      },
    }),
    new Gauge({
      name: 'vase_admitted_limit_per_second',
      help: 'Requests a second that are admitted while the process is the limit; +Inf: all.',
      registers,
      collect() {
        this.set(refusals.shedding.admittedPerSecond ?? Infinity);
      },
    }),
    new Gauge({
      name: 'vase_waiting_refusals',
      help: 'Requests that were refused early and wait for that answer.',
      registers,
      collect() {
        this.set(refusals.waiting);
      },
    }),
    new Counter({
      name: 'vase_refused_early_total',
      help: 'Requests that were refused because the process has more to do than it can.',
      registers,
      collect() {
        this.reset();
        this.inc(refusals.count);
      },
    }),
    new Gauge({
      name: 'vase_connections',
      help: 'Open connections, by port.',
      labelNames: ['port'],
      registers,
      async collect() {
        for (const [port, server] of Object.entries(servers))
          if (server !== null) this.set({ port }, await countConnections(server));
      },
    }),
    new Counter({
      name: 'vase_connections_refused_total',
      help: 'Connections that were closed at once because there were as many as a port takes, by port.',
      labelNames: ['port'],
      registers,
      collect() {
        this.reset();
        for (const [port, server] of Object.entries(servers))
          if (server !== null) this.inc({ port }, refusedConnections(server));
      },
    }),
  ];
  void metrics;
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)));
}
