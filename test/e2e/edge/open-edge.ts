/** A real cluster whose edge is tested: where its servers listen, what they hold, and whether they live. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parseMetrics, total } from '../../../cluster/metrics/metrics-text.ts';
import type { TopologyInput } from '../../../cluster/topology/topology.ts';
import { type LocalCluster, startLocalCluster } from '../../support/local-cluster.ts';
import { startSecureSharder } from './secure-sharder.ts';

export interface Edge {
  cluster: LocalCluster;
  /** "http://127.0.0.1:port" of users, of the sharder's admin port, and of the view server. */
  user: string;
  admin: string;
  view: string;
  /** The URL of a view server that stands by; null where there is only one view server. */
  standby: string | null;
  /** "https://127.0.0.1:port" of a sharder that speaks TLS with users; null where none was asked for. */
  secure: string | null;
  /** Fails when a process has ended, or does not serve. */
  expectServing(): Promise<void>;
  /** Waits until the servers hold nothing, as their own metrics say. */
  expectNothingHeld(): Promise<void>;
  close(): Promise<void>;
  /** How many requests the TLS sharder has answered. */
  securelyAnswered(): Promise<number>;
  /** Peak memory of the sharder in bytes; null where the system does not report it. */
  peakBytes(): number | null;
}

/** The gauges of every queue and budget. */
const gauges = [
  'vase_budget_bytes',
  'vase_budget_holds',
  'vase_queued_operations',
  'vase_held_operations',
  'vase_event_readers',
];

/** @param options `isSecure`: with a separate sharder for TLS. */
export async function openEdge(topology: TopologyInput, options: { isSecure?: boolean } = {}): Promise<Edge> {
  const cluster = await startLocalCluster({ ...topology, sharders: 1 });
  const { sharders, viewServers } = await cluster.provider.status();
  const pid = sharders[0]!.pid!;
  const admin = `http://${sharders[0]!.adminEndpoint}`;
  const view = new URL((await cluster.provider.viewServerEndpoint())!).origin;
  const standby = await findStandby(viewServers.map(({ endpoint }) => endpoint));
  const secure = options.isSecure === true ? await startSecureSharder(cluster) : null;
  const views = viewServers.map(({ endpoint }) => endpoint);
  const servers = [admin, ...views, ...(secure ? [secure.admin] : [])];
  const held = async () =>
    Object.fromEntries(
      await Promise.all(
        servers.map(async (server) => {
          const reading = parseMetrics(await (await fetch(`${server}/metrics`)).text(), (name) =>
            gauges.includes(name),
          );
          return [server, gauges.map((name) => total(reading, name))] as const;
        }),
      ),
    );
  const none = gauges.map(() => 0);
  return {
    cluster,
    user: cluster.endpoint,
    admin,
    view,
    standby,
    secure: secure?.user ?? null,
    async expectServing() {
      const put = await fetch(`${cluster.endpoint}/v1/kv/serves`, {
        method: 'PUT',
        body: 'x'.repeat(900_000),
      });
      expect(put.ok, await put.text()).toBe(true);
      for (const server of views) expect((await fetch(`${server}/view`)).status).toBe(200);
      await secure?.expectServing();
      const status = await cluster.provider.status();
      expect(status.sharders[0]).toMatchObject({ pid, process: 'running', ready: true });
      expect(status.viewServers.map((server) => server.pid)).toEqual(viewServers.map((server) => server.pid));
    },
    async expectNothingHeld() {
      await expect
        .poll(held, { timeout: 60_000 })
        .toEqual(Object.fromEntries(servers.map((server) => [server, none])));
    },
    async securelyAnswered() {
      const text = await (await fetch(`${secure!.admin}/metrics`)).text();
      const name = 'vase_requests_total';
      return total(
        parseMetrics(text, (each) => each === name),
        name,
      );
    },
    peakBytes() {
      try {
        const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
        return Number(kib) * 1024;
      } catch {
        return null;
      }
    },
    async close() {
      await secure?.close();
      await cluster.close();
    },
  };
}

/** The view server that gets its answers from another. */
async function findStandby(servers: readonly string[]): Promise<string | null> {
  for (const server of servers)
    if ((await fetch(`${server}/view`)).headers.has('vase-view-server')) return server;
  return null;
}

export const portOf = (url: string): number => Number(new URL(url).port);
export const peakBytesMax = 256 * 1024 * 1024;
