/** A lost disk is repaired by a new member, and a member more comes and goes; nothing that was acknowledged is lost by that. */
import { describe, expect, test } from 'vitest';
import type { SimBugs } from '../../../../../sim/etcd/sim-bugs.ts';
import {
  growShard,
  loseDisk,
  loseDiskBesideOthers,
} from '../../../../../sim/run/faults/membership-faults.ts';
import { ClusterDriver } from '../../cluster-driver.ts';
import { scheduleFaults } from '../../random-faults.ts';

const late = { kind: 'lose_disk', shard: 0, atMs: 0, forMs: 5000, repairAfterMs: 0 } as const;
const growth = { kind: 'grow_shard', shard: 0, atMs: 0, forMs: 5000, withLeader: false } as const;

/** A write that the last of three has not seen, the disk of one that has, and then those two together. */
async function readsAfterLoss(bugs: Partial<SimBugs>): Promise<string | null> {
  const driver = new ClusterDriver({ bugs });
  const { cluster, world } = driver;
  const leader = await driver.leader();
  await driver.put(leader, 'key', 'old');
  const lost = (leader + 1) % 3;
  const struck = loseDiskBesideOthers({ ...late, member: lost, behindMs: 500 }, cluster, world)!;
  await driver.passMs(50);
  expect(await driver.put(leader, 'key', 'new')).toMatchObject({ kind: 'reply' });
  await driver.passMs(4000);
  struck.end!();
  await driver.passMs(4000);
  return driver.get(await driver.leader(), 'key');
}

describe('a lost disk', () => {
  test('is replaced by a new member that has all data, and a vote', async () => {
    const driver = new ClusterDriver();
    const { cluster, world } = driver;
    const leader = await driver.leader();
    for (let count = 0; count < 300; count++) await driver.put(leader, `key ${count}`);
    const lost = cluster.member((leader + 1) % 3);
    const { memberId } = lost;
    expect(loseDisk(lost, cluster, { world, repairAfterMs: 2000 })).not.toBeNull();
    // One of three is a minority; a second one would not be.
    expect(loseDisk(cluster.member(leader), cluster, { world, repairAfterMs: 0 })).toBeNull();
    await driver.passMs(1500);
    lost.restart();
    expect(lost.process.state).toBe('down');
    await driver.passMs(4000);
    expect(lost).toMatchObject({ node: 4, join: null });
    expect(lost.memberId).not.toBe(memberId);
    cluster.member((leader + 2) % 3).crash('kill');
    expect(await driver.put(leader, 'last')).toMatchObject({ kind: 'reply' });
    expect(await driver.get(lost.node === 4 ? (leader + 1) % 3 : leader, 'key 299')).toBe('value');
    expect(world.counters).toMatchObject({ lostDisks: 1, membersJoined: 1 });
  });

  test('loses no write that others acknowledged with it, though it starts with those that were away', async () => {
    expect(await readsAfterLoss({})).toBe('new');
  });

  test('loses one when its member comes back as who it was', async () => {
    expect(await readsAfterLoss({ rejoinsWithoutDisk: true })).toBe('old');
  });

  test('loses none either when the new member gets its vote before it has the log: Raft bears that', async () => {
    expect(await readsAfterLoss({ promotesAtOnce: true })).toBe('new');
  });

  test('is never that of a shard of one, which has no minority', async () => {
    const driver = new ClusterDriver({ members: 1 });
    expect(
      loseDisk(driver.cluster.member(0), driver.cluster, { world: driver.world, repairAfterMs: 0 }),
    ).toBeNull();
  });
});

describe('one more member', () => {
  test('learns, refuses its clients meanwhile, votes, and leaves', async () => {
    const driver = new ClusterDriver();
    const { cluster, world } = driver;
    const leader = await driver.leader();
    await driver.put(leader, 'key');
    const struck = growShard({ ...growth, learnsMs: 2000 }, cluster, world)!;
    await driver.passMs(1000);
    const member = cluster.member(3);
    expect(member.machine.store.get('key')).toBeDefined();
    const read = { kind: 'range', key: 'key' } as const;
    const ask = (request: Parameters<typeof driver.rpc.call>[1]) =>
      driver.ask(`${member.process.name}:2379`, request);
    expect(await ask(read)).toMatchObject({ kind: 'refused', code: 'unfit_member' });
    expect(await ask({ ...read, serializable: true })).toMatchObject({ kind: 'reply' });
    expect(await ask({ kind: 'status' })).toMatchObject({ kind: 'reply' });
    await driver.passMs(2000);
    expect(await ask(read)).toMatchObject({ kind: 'reply' });
    struck.end!();
    await driver.passMs(2000);
    expect(cluster.members).toHaveLength(3);
    expect(member.process.isRetired).toBe(true);
    expect(world.counters).toMatchObject({ membersJoined: 1, membersLeft: 1 });
    expect(await driver.put(await driver.leader(), 'last')).toMatchObject({ kind: 'reply' });
  });
});

test('in storms with lost disks and members that come and go, no term has two leaders and all agree', async () => {
  const counted = { lostDisks: 0, membersJoined: 0, membersLeft: 0, elections: 0 };
  for (let seed = 1; seed <= 16; seed++) {
    const driver = new ClusterDriver({ seed, members: seed % 2 ? 3 : 5, preVote: seed % 4 !== 0 });
    const { world, cluster } = driver;
    scheduleFaults(world, cluster, { fromMs: 500, untilMs: 15_000 });
    const random = world.random('members');
    for (let atMs = 1000; atMs < 14_000; atMs += 1500 + random.nextBelow(1500))
      world.kernel.schedule(
        atMs * 1000,
        () => {
          const member = cluster.member(random.nextBelow(cluster.members.length));
          if (random.nextChance(0.6)) loseDisk(member, cluster, { world, repairAfterMs: 500 });
          else {
            const grown = growShard({ ...growth, learnsMs: 0 }, cluster, world);
            world.kernel.schedule((atMs + 3000) * 1000, () => grown?.end?.(), undefined);
          }
        },
        undefined,
      );
    let acknowledged = 0;
    for (let count = 0; count < 150; count++) {
      const result = await driver.put(count % cluster.endpoints.length, `${count}`, 'value', 100);
      if (result.kind === 'reply') acknowledged = Math.max(acknowledged, result.reply.header!.revision);
    }
    await driver.passMs(Math.max(0, 30_000 - world.nowMs));
    for (const leaders of driver.leadersByTerm().values()) expect(leaders.size, `seed ${seed}`).toBe(1);
    const logs = cluster.members.map((member) => member.raft.node.state.log);
    const committed = Math.min(...logs.map((log) => log.committed));
    for (const log of logs) expect(log.slice(1, committed)).toEqual(logs[0]!.slice(1, committed));
    expect(
      Math.max(...cluster.members.map(({ machine }) => machine.store.revision)),
      `seed ${seed}`,
    ).toBeGreaterThanOrEqual(acknowledged);
    expect(
      cluster.members.filter(({ join }) => join !== null).map(({ process }) => process.name),
      `seed ${seed}`,
    ).toEqual([]);
    for (const name of Object.keys(counted) as (keyof typeof counted)[])
      counted[name] += world.counters[name];
  }
  for (const [name, count] of Object.entries(counted)) expect(count, name).toBeGreaterThan(10);
});
