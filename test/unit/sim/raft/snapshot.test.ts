// A member that lags by more entries than are kept gets a state in their place, and goes on from there.
import { describe, expect, test } from 'vitest';
import { ClusterDriver } from '../cluster-driver.ts';
import { Group } from './group.ts';

/** A leader with entries of which its third follower has heard nothing. */
function lagging(keptEntries: number, entries: number): Group {
  const group = new Group(3, { keptEntries });
  group.campaign(1);
  group.deliver();
  for (let number = 0; number < entries; number++) {
    group.propose(1, `entry ${number}`);
    group.deliver((message) => message.to !== 3);
  }
  return group;
}

/** Kinds of what comes to the third node until everybody is quiet. */
function heardBy(group: Group): string[] {
  const kinds: string[] = [];
  group.heartbeat(1);
  group.deliver((message) => {
    if (message.to === 3) kinds.push(message.kind);
    return true;
  });
  return kinds;
}

describe('Raft', () => {
  test('whoever lags by more than is kept gets a snapshot, and what came after it as entries', () => {
    const group = lagging(3, 10);
    expect(heardBy(group)).toContain('snapshot');
    expect(group.node(3).state.log.committed).toBe(group.node(1).state.log.committed);
    expect(group.node(3).state.log.applied).toBe(group.node(1).state.log.applied);
    group.propose(1, 'more');
    expect(heardBy(group)).not.toContain('snapshot');
    group.heartbeat(1);
    group.deliver();
    expect(group.node(3).state.log.applied).toBe(group.node(1).state.log.applied);
  });

  test('whoever lags by no more than is kept gets entries', () => {
    expect(heardBy(lagging(100, 10))).not.toContain('snapshot');
  });

  test('a snapshot that comes twice, or late, changes nothing', () => {
    const group = lagging(3, 10);
    const late: Group['mail'] = [];
    group.heartbeat(1);
    group.deliver((message) => {
      if (message.kind === 'snapshot') late.push(message);
      return true;
    });
    group.propose(1, 'more');
    group.deliver();
    const { log } = group.node(3).state;
    const before = [log.lastIndex, log.committed, log.applied];
    for (const message of late) group.node(3).step(0, message);
    expect(late.length).toBeGreaterThan(0);
    expect(group.node(3).takeSnapshot()).toBeNull();
    expect([log.lastIndex, log.committed, log.applied]).toEqual(before);
  });
});

/** @returns the keys of the member that was away, as it says itself, and how often it took a snapshot. */
async function afterAbsence(options: { keptEntries: number; snapshotOmitsApplied?: boolean }) {
  const { keptEntries, snapshotOmitsApplied = false } = options;
  const driver = new ClusterDriver({ keptEntries, bugs: { snapshotOmitsApplied } });
  const { world, cluster } = driver;
  const leader = await driver.leader();
  const away = (leader + 1) % 3;
  const heard: [key: string, revision: number][] = [];
  driver.rpc.watch(
    cluster.endpoints[away]!,
    { key: 'key', rangeEnd: 'kez' },
    {
      onEvents: (events) =>
        heard.push(...events.map(({ kv }) => [kv.key, kv.modRevision] as [string, number])),
      onEnd: () => undefined,
    },
  );
  await driver.put(leader, 'key-before');
  await driver.passMs(500);
  const others = cluster.members.filter((member) => member.node - 1 !== away);
  world.network.partition([[`shard-${away}`], others.map(({ process }) => process.name)]);
  for (let number = 0; number < 10; number++) await driver.put(leader, `key-${number}`);
  world.network.heal();
  await driver.passMs(3000);
  const { store } = cluster.member(away).machine;
  return { revision: store.revision, heard, snapshots: world.counters.snapshots };
}

describe('a member', () => {
  test('that was away goes on from a snapshot, and its watches hear all that was written, once and in order', async () => {
    const { heard, revision, snapshots } = await afterAbsence({ keptEntries: 3 });
    expect(snapshots).toBe(1);
    expect(heard.map(([key]) => key)).toEqual([
      'key-before',
      ...Array.from({ length: 10 }, (_, n) => `key-${n}`),
    ]);
    expect(heard.map(([, at]) => at)).toEqual(Array.from({ length: 11 }, (_, n) => n + 2));
    expect(revision).toBe(12);
  });

  test('that lags by no more than is kept comes to the same without one', async () => {
    const { heard, ...rest } = await afterAbsence({ keptEntries: 100 });
    expect([heard.length, rest]).toEqual([11, { revision: 12, snapshots: 0 }]);
  });

  test('that does not note up to where a snapshot has applied applies its entries twice', async () => {
    expect((await afterAbsence({ keptEntries: 3, snapshotOmitsApplied: true })).revision).toBeGreaterThan(12);
  });
});
