import { describe, expect, test } from 'vitest';
import { shardFaultKinds, sharderStrikes, shardStrikes } from '../../../../scripts/live/fault-plan.ts';
import { victimsOf } from '../../../../scripts/live/nemesis.ts';
import { RandomStream } from '../../../../sim/kernel/random-stream.ts';

/** Pauses of the leader come twice. */
const round = shardFaultKinds.length + 1;
const first = (seed: number, count: number) => take(shardStrikes(new RandomStream(seed, 'test'), 3), count);

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value as T);
}

describe('the plan of a shard', () => {
  test('is the same for the same seed and another for another', () => {
    expect(first(1, 20)).toEqual(first(1, 20));
    expect(first(1, 20)).not.toEqual(first(2, 20));
  });

  test('has every kind before any round begins anew, leaders first', () => {
    for (let seed = 0; seed < 50; seed++) {
      const kinds = first(seed, round).map(({ kind }) => kind);
      expect(new Set(kinds)).toEqual(new Set(shardFaultKinds));
      expect(kinds.slice(0, 2)).toEqual(['pause_leader', 'kill_leader']);
    }
  });

  test('strikes the leader alone where it is the only member', () => {
    const strikes = take(shardStrikes(new RandomStream(1, 'test'), 1), 20);
    expect(new Set(strikes.map(({ kind }) => kind))).toEqual(new Set(['pause_leader', 'kill_leader']));
  });

  test('leaves a sharder idle only while a leader is paused for longer than a write may hang', () => {
    const idle = first(1, 100).filter(({ leavesSharderIdle }) => leavesSharderIdle);
    expect(idle.length).toBeGreaterThan(10);
    for (const { kind, forMs } of idle) {
      expect(kind).toBe('pause_leader');
      expect(forMs).toBeGreaterThan(3000);
    }
  });
});

test('the plan of the sharders has each kind in each two strikes', () => {
  const kinds = take(sharderStrikes(new RandomStream(1, 'test')), 2);
  expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(['pause_sharder', 'kill_sharder']));
});

describe('the victims', () => {
  const shard = (count: number) => ({
    leader: 'etcd-1-1',
    members: Array.from({ length: count }, (_, index) => ({ name: `etcd-1-${index}` })),
  });

  test('are the leader, or one of the others', () => {
    expect(victimsOf({ kind: 'kill_leader', pick: 5 }, shard(3))).toEqual(['etcd-1-1']);
    expect(victimsOf({ kind: 'pause_follower', pick: 0 }, shard(3))).toEqual(['etcd-1-0']);
    expect(victimsOf({ kind: 'pause_follower', pick: 1 }, shard(3))).toEqual(['etcd-1-2']);
  });

  test.each([
    [1, 1],
    [3, 2],
    [5, 3],
  ])('of a quorum of %i are %i different ones, the leader among them', (members, count) => {
    const victims = victimsOf({ kind: 'kill_quorum', pick: 3 }, shard(members));
    if (members > 1) expect(victims).toContain('etcd-1-1');
    expect(new Set(victims).size).toBe(count);
    expect(members - count).toBeLessThan(members / 2);
  });
});
