import { describe, expect, test } from 'vitest';
import type { EtcdEvent } from '../../../../sharder/core/etcd-messages.ts';
import type { WatchEnd } from '../../../../sharder/core/ports.ts';
import { ClusterDriver } from '../cluster-driver.ts';

describe.each([1, 3, 5] as const)('a cluster of %i', (members) => {
  test('takes writes at every member and reads them at every member', async () => {
    const driver = new ClusterDriver({ members });
    await driver.leader();
    for (let writer = 0; writer < members; writer++) {
      expect(await driver.put(writer, 'key', `by ${writer}`)).toMatchObject({ kind: 'reply' });
      for (let reader = 0; reader < members; reader++) {
        expect(await driver.get(reader, 'key')).toBe(`by ${writer}`);
      }
    }
  });

  test('keeps what it acknowledged when all members lose power at once', async () => {
    const driver = new ClusterDriver({ members });
    await driver.leader();
    expect(await driver.put(0, 'key', 'kept')).toMatchObject({ kind: 'reply' });
    for (const member of driver.cluster.members) member.crash('power');
    await driver.passMs(100);
    for (const member of driver.cluster.members) member.restart();
    await driver.leader();
    expect(await driver.get(0, 'key')).toBe('kept');
  });
});

describe('a cluster of three', () => {
  test('goes on under a new leader when the leader dies, and takes the old one back', async () => {
    const driver = new ClusterDriver();
    const first = await driver.leader();
    await driver.put(first, 'key', 'before');
    driver.cluster.member(first).crash('kill');
    await driver.passMs(5_000);
    const second = await driver.leader();
    expect(second).not.toBe(first);
    expect(await driver.put(second, 'key', 'after')).toMatchObject({ kind: 'reply' });
    driver.cluster.member(first).restart();
    await driver.passMs(1_000);
    expect(await driver.get(first, 'key')).toBe('after');
    expect(driver.cluster.member(first).machine.store.revision).toBe(3);
  });

  test('serves nothing without a quorum, and says that a write may have been applied', async () => {
    const driver = new ClusterDriver();
    const leader = await driver.leader();
    for (const member of driver.cluster.members) if (member.node - 1 !== leader) member.crash('power');
    expect(await driver.put(leader, 'key')).toMatchObject({ kind: 'lost', cause: 'deadline' });
    expect(await driver.call(leader, { kind: 'range', key: 'key' })).toMatchObject({ kind: 'lost' });
    expect(await driver.get(leader, 'key', true)).toBeNull();
  });

  test('a minority cannot disturb the majority: after healing the term is the same', async () => {
    const driver = new ClusterDriver();
    const leader = await driver.leader();
    const { term } = driver.cluster.member(leader);
    const away = driver.cluster.member((leader + 1) % 3);
    const others = driver.cluster.members.filter((member) => member !== away);
    driver.world.network.partition([[away.process.name], others.map((member) => member.process.name)]);
    await driver.passMs(10_000);
    driver.world.network.heal();
    await driver.passMs(3_000);
    expect(driver.cluster.leader()?.node).toBe(leader + 1);
    expect(away.term).toBe(term);
  });

  test('a leader that is cut off steps down, and its unfinished write is overwritten or kept, never half', async () => {
    const driver = new ClusterDriver();
    const leader = await driver.leader();
    const old = driver.cluster.member(leader);
    const others = driver.cluster.members.filter((member) => member !== old);
    driver.world.network.partition([[old.process.name], others.map((member) => member.process.name)]);
    expect(await driver.put(leader, 'key', 'unfinished', 500)).toMatchObject({ kind: 'lost' });
    await driver.passMs(5_000);
    expect(old.isLeader).toBe(false);
    const next = await driver.leader();
    expect(await driver.put(next, 'key', 'finished')).toMatchObject({ kind: 'reply' });
    driver.world.network.heal();
    await driver.passMs(3_000);
    for (let member = 0; member < 3; member++) expect(await driver.get(member, 'key')).toBe('finished');
  });

  test('a member that was away for many writes catches up', async () => {
    const driver = new ClusterDriver();
    const leader = await driver.leader();
    const away = driver.cluster.member((leader + 1) % 3);
    away.crash('power');
    for (let count = 0; count < 600; count++) await driver.put(leader, `key-${count % 10}`, `${count}`);
    away.restart();
    await driver.passMs(2_000);
    expect(away.machine.store.revision).toBe(601);
    expect(await driver.get(away.node - 1, 'key-9', true)).toBe('599');
  });

  test('a renewed lease lives, an abandoned one takes its keys along, under a new leader too', async () => {
    const driver = new ClusterDriver();
    const leader = await driver.leader();
    for (const id of [1, 2]) {
      expect(await driver.call(0, { kind: 'lease_grant', id, ttlSeconds: 4 })).toMatchObject({
        kind: 'reply',
      });
      await driver.call(0, { kind: 'put', key: `key-${id}`, value: new Uint8Array(), lease: id });
    }
    driver.cluster.member(leader).crash('kill');
    const follower = (leader + 1) % 3;
    for (let round = 0; round < 8; round++) {
      const renewed = await driver.call(follower, { kind: 'lease_keep_alive', id: 1 }, 5_000);
      expect(renewed).toMatchObject({ kind: 'reply', reply: { ttlSeconds: 4 } });
      await driver.passMs(1_500);
    }
    expect(await driver.get(follower, 'key-1')).toBe('');
    expect(await driver.get(follower, 'key-2')).toBeNull();
    expect(await driver.call(follower, { kind: 'lease_keep_alive', id: 2 })).toMatchObject({
      reply: { ttlSeconds: 0 },
    });
  });

  test('a watch sees every revision once and in order, whatever the network does, or is told that it broke', async () => {
    const driver = new ClusterDriver();
    const leader = await driver.leader();
    const seen: number[] = [];
    const ends: WatchEnd[] = [];
    driver.rpc.watch(
      driver.cluster.endpoints[leader]!,
      { key: 'k', rangeEnd: 'l', startRevision: 2 },
      {
        onEvents: (events: readonly EtcdEvent[]) => seen.push(...events.map((event) => event.kv.modRevision)),
        onEnd: (end) => ends.push(end),
      },
    );
    driver.world.network.setQuality({ loss: 0.1, reorder: 0.3 });
    for (let count = 0; count < 100; count++) await driver.put(leader, 'key', `${count}`, 10_000);
    await driver.passMs(20_000);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, at) => at + 2));
    expect(ends).toEqual([]);
    driver.cluster.member(leader).crash('kill');
    await driver.passMs(1_000);
    expect(ends).toMatchObject([{ kind: 'lost' }]);
  });

  test('a watch on a paused member is found out by the pings of the connection', async () => {
    const driver = new ClusterDriver();
    const ends: WatchEnd[] = [];
    driver.rpc.watch(
      driver.cluster.endpoints[0]!,
      { key: 'key' },
      { onEvents: () => undefined, onEnd: (end) => ends.push(end) },
    );
    await driver.passMs(1_000);
    driver.cluster.member(0).pause();
    await driver.passMs(20_000);
    expect(ends).toMatchObject([{ kind: 'lost' }]);
  });
});
