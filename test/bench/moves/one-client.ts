/** What the movers are compared with: one client of etcd that puts keys of the same size, as many to a transaction as a mover. */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { RequestOp } from '../../../sharder/core/etcd-messages.ts';
import { defaultMoverLimits } from '../../../cluster/resharding/records/mover-limits.ts';
import { ShardCaller } from '../../../cluster/viewserver/home/shard-caller.ts';
import { GrpcEtcdRpc } from '../../../sharder/etcd/grpc-rpc.ts';

/** Outside of everything that Vase keeps. */
const prefix = 'bench/';

export interface ClientOrder {
  endpoints: readonly string[];
  keys: number;
  valueBytes: number;
  /** Transactions that are under way at the same time. */
  inFlight: number;
}

/** @returns keys per second. What it has written is deleted. @throws Error when a transaction fails. */
export async function putByOneClient({
  endpoints,
  keys,
  valueBytes,
  inFlight,
}: ClientOrder): Promise<number> {
  const rpc = new GrpcEtcdRpc();
  const client = new ShardCaller(rpc).client({ id: 0, endpoints });
  const value = new Uint8Array(valueBytes).fill(118);
  const call = async (request: Parameters<typeof client.execute>[0]) => {
    const outcome = await client.execute(request, { readOnly: false, deadlineMs: 10_000 });
    if (outcome.kind !== 'reply') throw new Error(`the one client: ${outcome.kind}`);
  };
  let next = 0;
  const work = async () => {
    while (next < keys) {
      const first = next;
      next = Math.min(keys, first + defaultMoverLimits.writeOperationsMax);
      const success = Array.from({ length: next - first }, (_, index): RequestOp => ({
        kind: 'put',
        key: `${prefix}key-${first + index}`,
        value,
      }));
      await call({ kind: 'txn', compare: [], success, failure: [] });
      await yieldToOthers();
    }
  };
  try {
    // The connection is made, and the leader found, before the time counts.
    await call({ kind: 'put', key: prefix, value });
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: inFlight }, work));
    const seconds = (performance.now() - startedMs) / 1000;
    await call({ kind: 'delete_range', key: prefix, rangeEnd: `${prefix.slice(0, -1)}0` });
    return keys / seconds;
  } finally {
    client.close();
    rpc.close();
  }
}
