import { expect, test } from 'vitest';
import type { TxnRequest } from '../../../sharder/core/etcd-messages.ts';
import { encodeFence } from '../../../sharder/core/fence.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { always, type Operation, type Outcome } from '../../../sharder/core/operation.ts';
import { createPending } from '../../../sharder/core/pending.ts';
import type { EtcdRpc, RpcResult } from '../../../sharder/core/ports.ts';
import { Shard } from '../../../sharder/core/shard.ts';
import { EtcdShardClient } from '../../../sharder/etcd/client/shard-client.ts';
import { systemClock, systemRandom } from '../../../sharder/system-clock.ts';

const header = { memberId: '1', revision: 9, raftTerm: 1 };
const endpoint = '127.0.0.1:1';

/** A member that applies each write, whose transport takes replies to at most four of them. */
class SmallReplies implements EtcdRpc {
  readonly batches: number[] = [];

  async call(_: string, request: Parameters<EtcdRpc['call']>[1]): Promise<RpcResult> {
    if (request.kind === 'range') return { kind: 'reply', reply: fenceReply };
    if (request.kind !== 'txn') return { kind: 'not_sent', message: 'not in this test' };
    return this.write(request);
  }

  watch = () => () => undefined;

  private write(request: TxnRequest): RpcResult {
    this.batches.push(request.success.length);
    if (request.success.length > 4) return { kind: 'lost', cause: 'reply_too_large', message: 'too large' };
    const responses = request.success.map(() => ({ kind: 'put', header: null, prevKv: null }) as const);
    return { kind: 'reply', reply: { kind: 'txn', header, succeeded: true, responses } };
  }
}

const record = {
  shard: 1,
  epoch: 1,
  slots: Array.from({ length: 1024 }, () => ({ kind: 'owned', epoch: 1, versionOffset: 0 }) as const),
};
const fenceKv = {
  key: 'vase/shard',
  value: encodeFence(record),
  createRevision: 1,
  modRevision: 1,
  version: 1,
  lease: 0,
};
const fenceReply = { kind: 'range', header, kvs: [fenceKv], more: false, count: 1 } as const;

test('writes whose previous values are too large together are sent in smaller batches after that', async () => {
  const rpc = new SmallReplies();
  const shared = { clock: systemClock, trace: { emit: () => undefined }, limits: defaultLimits };
  const client = new EtcdShardClient({
    ...shared,
    shard: 1,
    endpoints: [endpoint],
    rpc,
    random: systemRandom,
  });
  const shard = new Shard({ id: 1 }, client, {
    ...shared,
    onMisrouted: () => undefined,
    onUnreachable: () => undefined,
  });
  const putSixteen = () =>
    Promise.all(
      Array.from({ length: 16 }, (_, number) => {
        const value = new Uint8Array(1);
        const put: Operation = {
          kind: 'put',
          key: `k${number}`,
          value,
          condition: always,
          wantPrevious: true,
        };
        return new Promise<Outcome>((settle) =>
          shard.submit(createPending(put, 0, systemClock.nowMs() + 5000, settle)),
        );
      }),
    );
  await shard.refreshFence();
  // Each ends as unknown, because it was applied or may have been; the next ones are fewer at a time.
  const first = await putSixteen();
  expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
  const second = await putSixteen();
  expect(second.filter(({ kind }) => kind === 'unknown')).toHaveLength(8);
  expect(second.filter(({ kind }) => kind === 'ok')).toHaveLength(8);
  shard.close();
});
