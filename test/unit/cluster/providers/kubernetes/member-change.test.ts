// What may be changed about the members of a shard in Kubernetes, what is refused, and what is said of a change that was begun.
import { expect, test } from 'vitest';
import {
  identityObject,
  parseIdentity,
  type ShardIdentity,
} from '../../../../../cluster/manifests/shard-identity.ts';
import { changeOf, describeBegun } from '../../../../../cluster/providers/kubernetes/begun-change.ts';
import {
  refuseAddition,
  refuseRemoval,
  type SeenShard,
} from '../../../../../cluster/providers/kubernetes/members/member-change.ts';
import type { ShardLeader } from '../../../../../cluster/providers/kubernetes/shard-members.ts';

const named = (count: number) => Array.from({ length: count }, (_, ordinal) => `etcd-1-${ordinal}`);
const shardOf = (count: number, more: Partial<ShardIdentity> = {}): ShardIdentity => ({
  members: named(count),
  joining: [],
  ...more,
});
const seen = (identity: ShardIdentity, ...followers: number[]): SeenShard => ({
  identity,
  leader:
    followers.length === 0
      ? null
      : ({
          followers: followers.map((ordinal) => `etcd-1-${ordinal}`),
        } as Partial<ShardLeader> as ShardLeader),
});

function refusalOf(call: () => void): string | null {
  try {
    call();
    return null;
  } catch (error) {
    const { message, nextStep } = error as Error & { nextStep: string };
    return `${message}. ${nextStep}`;
  }
}

test.each<[string, SeenShard, string | null]>([
  ['one that is well', seen(shardOf(1), 0), null],
  ['four that are well', seen(shardOf(4), 0, 1, 2, 3), null],
  ['five', seen(shardOf(5), 0, 1, 2, 3, 4), 'more than 5 it may not have'],
  ['nothing that leads', seen(shardOf(3)), 'has no leader with a quorum'],
  ['one that is away', seen(shardOf(3), 0, 2), 'etcd-1-1 does not follow the leader'],
  [
    'one that is being replaced',
    seen(shardOf(3, { joining: ['etcd-1-1'] }), 0, 2),
    'vase member replace etcd-1-1',
  ],
  ['one that leaves', seen(shardOf(3, { leaving: 'etcd-1-2' }), 0, 1, 2), 'vase member remove etcd-1-2'],
])('a member is added beside %s, or it is said why not', (_, shard, refusal) => {
  const said = refusalOf(() => refuseAddition(1, shard));
  if (refusal === null) expect(said).toBeNull();
  else expect(said).toContain(refusal);
});

test.each<[string, SeenShard, number, string | null]>([
  ['of three', seen(shardOf(3), 0, 1, 2), 2, null],
  ['that is away', seen(shardOf(3), 0, 1), 2, null],
  ['of two', seen(shardOf(2), 0, 1), 1, null],
  ['that is the only one', seen(shardOf(1), 0), 0, 'only member of etcd-1 that has its data'],
  [
    'without which too few are well',
    seen(shardOf(3), 0, 2),
    2,
    '1 of the 2 members that would be left is well',
  ],
  ['where nothing leads', seen(shardOf(3)), 2, 'has no leader with a quorum'],
  ['while another is added', seen(shardOf(3, { adding: 'etcd-1-3' }), 0, 1, 2), 2, 'vase member add etcd-1'],
  ['that has no vote yet', seen(shardOf(2, { joining: ['etcd-1-1'], adding: 'etcd-1-1' }), 0), 1, null],
  ['that leaves already', seen(shardOf(3, { leaving: 'etcd-1-2' }), 0, 1), 2, null],
])('a member is removed %s, or it is said why not', (_, shard, ordinal, refusal) => {
  const said = refusalOf(() => refuseRemoval(1, shard, `etcd-1-${ordinal}`));
  if (refusal === null) expect(said).toBeNull();
  else expect(said).toContain(refusal);
});

test.each<[ShardIdentity, string | null]>([
  [shardOf(3), null],
  [shardOf(1, { adding: 'etcd-1-1' }), 'vase member add etcd-1'],
  [shardOf(2, { joining: ['etcd-1-1'], adding: 'etcd-1-1' }), 'vase member add etcd-1'],
  [shardOf(3, { joining: ['etcd-1-1'] }), 'vase member replace etcd-1-1'],
  [shardOf(2, { leaving: 'etcd-1-2' }), 'vase member remove etcd-1-2'],
])('what was begun is kept in the ConfigMap and named with what goes on with it: %j', (identity, goOn) => {
  expect(parseIdentity(identityObject('vase', 1, identity))).toEqual(identity);
  const begun = changeOf(1, identity);
  expect(begun === null ? null : describeBegun(begun).fix).toBe(
    goOn === null ? null : `\`${goOn}\` goes on with that, and so does \`make up\`.`,
  );
});
