/** A store in memory, with the parts that the routes use, behind a real HTTP server in this process. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { ExecuteOptions } from '../../sharder/core/client.ts';
import { defaultLimits } from '../../sharder/core/limits.ts';
import type { KeyState, Operation, Outcome } from '../../sharder/core/operation.ts';
import type { Store } from '../../sharder/core/store.ts';
import { createApp } from '../../sharder/http/app.ts';
import type { Budgets } from '../../sharder/http/context.ts';
import { RequestMetrics } from '../../sharder/http/request-metrics.ts';
import { type ClientTimeouts, createHttpServer } from '../../sharder/http/server.ts';
import { budgetsOf } from './budgets.ts';

export class MemoryStore {
  readonly kept = new Map<string, KeyState>();
  /** The operations that were requested, with their options. */
  readonly asked: { operation: Operation; options: ExecuteOptions }[] = [];
  /** The operations of shard 2, whose keys begin with "dead", wait for this. */
  gate: Promise<void> = Promise.resolve();

  keep(key: string, value: string): void {
    this.kept.set(key, { value: Buffer.from(value), version: 5, createdVersion: 5 });
  }

  shardIdOf(key: string): number {
    return key.startsWith('dead') ? 2 : 1;
  }

  deadlineAtMs(): number {
    return Infinity;
  }

  async execute(operation: Operation, options: ExecuteOptions = {}): Promise<Outcome> {
    this.asked.push({ operation, options });
    if (this.shardIdOf(operation.key) === 2) await this.gate;
    const previous = this.kept.get(operation.key) ?? null;
    const version = 7;
    const place = { shard: 1, slot: 3, epoch: 1 };
    switch (operation.kind) {
      case 'get':
        return { kind: 'ok', result: { kind: 'get', state: previous, version }, place };
      case 'put':
        this.kept.set(operation.key, { value: operation.value, version, createdVersion: version });
        return { kind: 'ok', result: { kind: 'put', version, previous }, place };
      case 'delete':
        this.kept.delete(operation.key);
        return {
          kind: 'ok',
          result: { kind: 'delete', deleted: previous !== null, version, previous },
          place,
        };
    }
  }
}

export interface ServedStore {
  store: MemoryStore;
  budgets: Budgets;
  server: Server;
  port: number;
  close(): void;
}

/** @param budgetBytes of bodies and of replies each; one request gets half at most. */
export async function serveMemoryStore(
  budgetBytes = 32 * 1024 * 1024,
  timeouts?: ClientTimeouts,
): Promise<ServedStore> {
  const store = new MemoryStore();
  const budgets = budgetsOf(budgetBytes);
  const app = createApp({
    context: { store: store as Partial<Store> as Store, limits: defaultLimits, budgets },
    probes: new Map(),
    metrics: new RequestMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
  });
  const server = createHttpServer(app, timeouts);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { store, budgets, server, port, close };
}
