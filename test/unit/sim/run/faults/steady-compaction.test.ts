/** A shard forgets what is old again and again; where there is nothing more to forget, it is left in peace. */
import { expect, test } from 'vitest';
import { compactSteadily } from '../../../../../sim/run/faults/fault-acts.ts';
import { ClusterDriver } from '../../cluster-driver.ts';

test('history is forgotten once, and again after it has grown', async () => {
  const driver = new ClusterDriver();
  const { cluster, world, rpc } = driver;
  const leader = await driver.leader();
  compactSteadily(cluster, { world, rpc: () => rpc, retentionMs: 50 });
  const { machine, raft } = cluster.member(leader);
  for (const value of ['old', 'new']) {
    await driver.put(leader, 'key', value);
    await driver.passMs(1000);
    expect(machine.store.compactRevision).toBe(machine.store.revision);
    const { lastIndex } = raft.node.state.log;
    await driver.passMs(5000);
    expect(raft.node.state.log.lastIndex).toBe(lastIndex);
  }
});
