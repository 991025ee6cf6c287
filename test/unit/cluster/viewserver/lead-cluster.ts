/** A view server that leads a cluster in memory until its test is over, and a job for it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Leadership } from '../../../../cluster/viewserver/leading/leadership.ts';
import type { MemoryCluster } from './memory-cluster.ts';

export function lead(cluster: MemoryCluster, options: Parameters<MemoryCluster['lead']>[0] = {}): Leadership {
  const leader = cluster.lead(options);
  onTestFinished(() => leader.stop());
  return leader;
}

export const move = { id: 'move', work: { kind: 'move', slots: [0], to: 2 } } as const;

/** @returns the URL at which, until the test is over, an etcd says of its database what `bytes` says just then. */
export async function fullness(bytes: { used: number }): Promise<string> {
  const server = createServer((_, response) =>
    response.end(
      `etcd_mvcc_db_total_size_in_use_in_bytes ${bytes.used}\netcd_server_quota_backend_bytes 1000\n`,
    ),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/metrics`;
}
