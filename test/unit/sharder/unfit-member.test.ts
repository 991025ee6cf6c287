// A member that says of itself that it cannot serve, as one that has just started or a learner: the shard's others do.
import { expect, test } from 'vitest';
import type { EtcdRequest } from '../../../sharder/core/etcd-messages.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { CallOutcome } from '../../../sharder/core/shard-client.ts';
import { EtcdShardClient } from '../../../sharder/etcd/client/shard-client.ts';
import { RandomStream } from '../../../sim/kernel/random-stream.ts';
import { ClusterDriver } from '../sim/cluster-driver.ts';

async function open(unfit: (leader: number) => readonly number[]) {
  const driver = new ClusterDriver();
  const leader = await driver.leader();
  for (const at of unfit(leader)) {
    const random = new RandomStream(1, String(at));
    driver.cluster.member(at).oddAnswers.begin({ answer: 'not_capable', percent: 100, delayMs: 1, random });
  }
  const process = driver.world.addProcess('sharder');
  const { clock, random, trace } = process;
  const { endpoints } = driver.cluster;
  const shard = new EtcdShardClient({
    shard: 1,
    // The one that leads is asked first.
    endpoints: [...endpoints.slice(leader), ...endpoints.slice(0, leader)],
    rpc: driver.world.etcdRpc(process),
    clock,
    random,
    trace,
    limits: defaultLimits,
  });
  const execute = async (request: EtcdRequest, readOnly: boolean): Promise<CallOutcome> => {
    const outcome = shard.execute(request, { readOnly, deadlineMs: 2000 });
    const stop = () => driver.world.kernel.stop();
    outcome.then(stop, stop);
    await driver.world.run({ untilMs: driver.world.nowMs + 3000 });
    return outcome;
  };
  return { driver, execute };
}

const put: EtcdRequest = { kind: 'put', key: 'a', value: new Uint8Array([1]) };
const read: EtcdRequest = { kind: 'range', key: 'a' };

test('what the leader cannot serve yet, another member does', async () => {
  const { driver, execute } = await open((leader) => [leader]);
  expect(await execute(put, false)).toMatchObject({ kind: 'reply' });
  expect(await execute(read, true)).toMatchObject({ kind: 'reply', reply: { count: 1 } });
  // Once, and nothing before it.
  expect(driver.cluster.member(0).machine.store.revision).toBe(2);
});

test('when none can, a write has provably not been made', async () => {
  const { driver, execute } = await open(() => [0, 1, 2]);
  expect(await execute(put, false)).toMatchObject({
    kind: 'not_applied',
    message: 'etcdserver: not capable',
  });
  expect(driver.cluster.member(0).machine.store.revision).toBe(1);
});
