/** The baseline: one etcd3 `put` or `get` per request behind the sharder's own Koa routes. VASE_HOME, VASE_PORT. */
import { Etcd3 } from 'etcd3';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { readConfig } from '../../../sharder/config.ts';
import type { Operation, Outcome } from '../../../sharder/core/operation.ts';
import type { Store } from '../../../sharder/core/store.ts';
import { createApp } from '../../../sharder/http/app.ts';
import { RequestMetrics } from '../../../sharder/http/request-metrics.ts';
import { createHttpServer, listen } from '../../../sharder/http/server.ts';
import { budgetsOf } from '../../support/budgets.ts';

const config = readConfig(process.env);
const etcd = new Etcd3({ hosts: config.home.map((endpoint) => `http://${endpoint}`) });
const place = { shard: 1, slot: 0, epoch: 1 };

async function execute(operation: Operation): Promise<Outcome> {
  const key = `p/${operation.key}`;
  if (operation.kind === 'get') {
    const value = await etcd.get(key).buffer();
    const state = value ? { value, version: 1, createdVersion: 1 } : null;
    return { kind: 'ok', result: { kind: 'get', state, version: 1 }, place };
  }
  if (operation.kind === 'delete') throw new Error('the benchmark deletes nothing');
  const { header } = await etcd.put(key).value(Buffer.from(operation.value));
  return { kind: 'ok', result: { kind: 'put', version: Number(header.revision), previous: null }, place };
}

const app = createApp({
  context: {
    store: { execute } as unknown as Store,
    limits: config.limits,
    budgets: budgetsOf(32 * 1024 * 1024),
  },
  probes: new Map(),
  metrics: new RequestMetrics(new Registry()),
  logger: pino({ level: 'warn' }),
});
await listen(createHttpServer(app), { host: config.host, port: config.port, reusePort: false });
