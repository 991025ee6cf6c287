/** A real cluster whose edge is tried: where its servers listen, what they hold, and whether they live. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parseMetrics, total } from '../../../cluster/viewserver/metrics-text.ts';
import type { TopologyInput } from '../../../cluster/topology.ts';
import { type LocalCluster, startLocalCluster } from '../../support/local-cluster.ts';

export interface Edge {
  cluster: LocalCluster;
  /** "http://127.0.0.1:port" of users, of the sharder's admin port, and of the view server. */
  user: string;
  admin: string;
  view: string;
  sharderPid: number;
  /** Fails when a process has ended, or does not serve. */
  expectServing(): Promise<void>;
  /** Waits until nothing is held by anybody, as the servers' own metrics say. */
  expectNothingHeld(): Promise<void>;
  /** Peak memory of the sharder in bytes; null where the system does not tell. */
  peakBytes(): number | null;
}

/** In every queue and budget. */
const gauges = [
  'vase_budget_bytes',
  'vase_budget_holds',
  'vase_queued_operations',
  'vase_held_operations',
  'vase_event_readers',
];

export async function openEdge(topology: TopologyInput): Promise<Edge> {
  const cluster = await startLocalCluster({ ...topology, sharders: 1 });
  const { sharders } = await cluster.provider.status();
  const pid = sharders[0]!.pid!;
  const admin = `http://${sharders[0]!.adminEndpoint}`;
  const view = new URL((await cluster.provider.viewServerEndpoint())!).origin;
  const held = async () =>
    Object.fromEntries(
      await Promise.all(
        [admin, view].map(async (server) => {
          const reading = parseMetrics(await (await fetch(`${server}/metrics`)).text(), (name) =>
            gauges.includes(name),
          );
          return [server, gauges.map((name) => total(reading, name))] as const;
        }),
      ),
    );
  const none = gauges.map(() => 0);
  const viewPid = (await cluster.provider.status()).viewServers[0]!.pid;
  return {
    cluster,
    user: cluster.endpoint,
    admin,
    view,
    sharderPid: pid,
    async expectServing() {
      const put = await fetch(`${cluster.endpoint}/v1/kv/serves`, {
        method: 'PUT',
        body: 'x'.repeat(900_000),
      });
      expect(put.ok, await put.text()).toBe(true);
      expect((await fetch(`${view}/view`)).status).toBe(200);
      const status = await cluster.provider.status();
      expect(status.sharders[0]).toMatchObject({ pid, process: 'running', ready: true });
      expect(status.viewServers[0]).toMatchObject({ pid: viewPid });
    },
    async expectNothingHeld() {
      await expect.poll(held, { timeout: 60_000 }).toEqual({ [admin]: none, [view]: none });
    },
    peakBytes() {
      try {
        const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
        return Number(kib) * 1024;
      } catch {
        return null;
      }
    },
  };
}

export const portOf = (url: string): number => Number(new URL(url).port);
export const peakBytesMax = 256 * 1024 * 1024;
