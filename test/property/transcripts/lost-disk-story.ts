/**
 * A member that has acknowledged a write loses its disk; then only it and a member that never saw the write are there. After a
 * while the third member is back.
 */
import type { SimBugs } from '../../../sim/etcd/sim-bugs.ts';
import { loseDiskBesideOthers } from '../../../sim/run/faults/membership-faults.ts';
import { ClusterDriver } from '../../unit/sim/cluster-driver.ts';
import { textOf } from './story.ts';

export interface LostDiskStory {
  text: string;
  /** The value that is read at the end; null: none is there. */
  read: string | null;
}

const fault = { kind: 'lose_disk', shard: 0, atMs: 0, forMs: 5000, repairAfterMs: 0, behindMs: 500 } as const;

export async function tellOfLostDisk(title: string, bugs: Partial<SimBugs>): Promise<LostDiskStory> {
  const driver = new ClusterDriver({ name: 'etcd-1', bugs });
  const { cluster, world } = driver;
  const client = world.addProcess('client-1');
  const learn = (what: string) => client.trace.emit({ name: 'client.learns', what });
  const leader = await driver.leader();
  await driver.put(leader, 'key', 'old');
  learn('put key=old: ok');
  const struck = loseDiskBesideOthers({ ...fault, member: (leader + 1) % 3 }, cluster, world)!;
  world.tracer.emit('nemesis', { name: 'fault.lose_disk', target: struck.target });
  await driver.passMs(50);
  learn(`put key=new: ${(await driver.put(leader, 'key', 'new')).kind === 'reply' ? 'ok' : 'unknown'}`);
  await driver.passMs(4000);
  world.tracer.emit('nemesis', { name: 'heal.lose_disk', target: struck.target });
  struck.end!();
  await driver.passMs(4000);
  const read = await driver.get(await driver.leader(), 'key');
  learn(`get key: ${read ?? 'missing'}`);
  return { text: textOf(title, driver.lines), read };
}
