import { describe, expect, test } from 'vitest';
import type {
  MemberState,
  ShardState,
} from '../../../../../../cluster/providers/local/state/cluster-state.ts';
import {
  nextMemberName,
  refuseAddition,
  refuseOtherSizes,
  refuseRemoval,
  settleSize,
} from '../../../../../../cluster/providers/local/members/member-rules.ts';
import { describeSizes, describeTolerance } from '../../../../../../cluster/providers/member-numbers.ts';
import { parseTopology } from '../../../../../../cluster/topology/topology.ts';

const member = (ordinal: number, more: Partial<MemberState> = {}): MemberState => ({
  name: `etcd-1-${ordinal}`,
  clientPort: 20_000 + ordinal,
  peerPort: 21_000 + ordinal,
  process: null,
  ...more,
});
const shardOf = (members: MemberState[], more: Partial<ShardState> = {}): ShardState => ({
  id: 1,
  token: 'token',
  formed: true,
  members,
  ...more,
});
const three = () => [0, 1, 2].map((ordinal) => member(ordinal));
/** As seen when the members of these numbers are well. */
const seen = (shard: ShardState, ...ordinals: number[]) => ({
  shard,
  healthy: new Set(ordinals.map((ordinal) => `etcd-1-${ordinal}`)),
});

/** What the call throws, with its next step. */
function refusalOf(call: () => void): string | null {
  try {
    call();
    return null;
  } catch (error) {
    const { message, nextStep } = error as { message: string; nextStep: string };
    return `${message} | ${nextStep}`;
  }
}

describe('a member is added', () => {
  const refusal = (...at: Parameters<typeof seen>) => refusalOf(() => refuseAddition(seen(...at)));

  test.each([1, 2, 3, 4])('to %i that are well', (count) => {
    const ordinals = Array.from({ length: count }, (_, ordinal) => ordinal);
    expect(refusal(shardOf(ordinals.map((ordinal) => member(ordinal))), ...ordinals)).toBeNull();
  });

  test.each([
    [
      'to five',
      shardOf([0, 1, 2, 3, 4].map((each) => member(each))),
      [0, 1, 2, 3, 4],
      /more than 5.*`vase shard add`/,
    ],
    [
      'where one is away',
      shardOf(three()),
      [0, 1],
      /etcd-1-2 does not follow.*`vase member replace etcd-1-2`/,
    ],
    ['where nothing leads', shardOf(three()), [], /no leader with a quorum.*`make up`/],
    [
      'while one is replaced',
      shardOf([member(0), member(1, { joining: { replaces: '7', started: true } })]),
      [0],
      /etcd-1-1 is on its way.*`vase member replace etcd-1-1`/,
    ],
    [
      'while one leaves',
      shardOf([member(0), member(1, { leaving: true })]),
      [0, 1],
      /`vase member remove etcd-1-1`/,
    ],
    [
      'to one that is recovered',
      shardOf(three(), { recovering: 'etcd-1-0' }),
      [0],
      /`vase shard recover 1 --from etcd-1-0`/,
    ],
    ['to one that is being made', shardOf(three(), { formed: false }), [0, 1, 2], /still being made/],
  ])('not %s', (_what, shard, ordinals, text) => {
    expect(refusal(shard, ...ordinals)).toMatch(text);
  });
});

describe('a member is removed', () => {
  const refusal = (shard: ShardState, ordinal: number, ...ordinals: number[]) =>
    refusalOf(() => refuseRemoval(seen(shard, ...ordinals), shard.members[ordinal]!));
  const joining = { replaces: null, started: true };

  test.each([
    ['one of three that are well', shardOf(three()), 0, [0, 1, 2]],
    ['the one of three that is away', shardOf(three()), 2, [0, 1]],
    ['one of two', shardOf([member(0), member(1)]), 1, [0, 1]],
    [
      'one of five where another is away',
      shardOf([0, 1, 2, 3, 4].map((each) => member(each))),
      0,
      [0, 1, 2, 3],
    ],
    ['a learner, whoever is away', shardOf([...three(), member(3, { joining, adding: true })]), 3, [0, 1]],
  ])('%s', (_what, shard, ordinal, ordinals) => {
    expect(refusal(shard, ordinal, ...ordinals)).toBeNull();
  });

  test.each([
    [
      'the only one',
      shardOf([member(0)]),
      0,
      [0],
      /the only member.*`vase member add etcd-1`.*`vase shard remove 1`/,
    ],
    [
      'the only one beside a learner',
      shardOf([member(0), member(1, { joining, adding: true })]),
      0,
      [0, 1],
      /etcd-1-1 is on its way/,
    ],
    [
      'one of three where another is away',
      shardOf(three()),
      0,
      [0, 1],
      /no quorum: 1 of the 2 members.*is well \| Bring etcd-1-2 back/,
    ],
    ['one of two where the other is away', shardOf([member(0), member(1)]), 0, [], /no leader with a quorum/],
  ])('not %s', (_what, shard, ordinal, ordinals, text) => {
    expect(refusal(shard, ordinal, ...ordinals)).toMatch(text);
  });
});

test('a new member has the lowest number that is free', () => {
  expect(nextMemberName(shardOf([]))).toBe('etcd-1-0');
  expect(nextMemberName(shardOf([member(1), member(2)]))).toBe('etcd-1-0');
  expect(nextMemberName(shardOf(three()))).toBe('etcd-1-3');
});

test('an even number is said to bear no more than one less', () => {
  expect([1, 2, 3, 4, 5].map(describeTolerance)).toEqual([
    'It bears the loss of none.',
    '2 members tolerate no more failures than 1; add one more, or remove another.',
    'It bears the loss of 1.',
    '4 members tolerate no more failures than 3; add one more, or remove another.',
    'It bears the loss of 2.',
  ]);
});

test('new shards get as many members as all shards have, where that is a number for a new shard', () => {
  const shards = [shardOf(three()), shardOf([member(0)], { id: 2 })];
  const state = { topology: parseTopology({ members: 1 }), shards };
  settleSize(state);
  expect([state.topology.members, describeSizes(shards.map(({ members }) => members.length))]).toEqual([
    1,
    '1 to 3 members',
  ]);
  state.shards = [shardOf(three()), shardOf(three(), { id: 2 })];
  settleSize(state);
  expect([state.topology.members, describeSizes(state.shards.map(({ members }) => members.length))]).toEqual([
    3,
    '3 members',
  ]);
  state.shards = [shardOf([member(0), member(1)])];
  settleSize(state);
  expect([state.topology.members, describeSizes(state.shards.map(({ members }) => members.length))]).toEqual([
    3,
    '2 members',
  ]);
});

test('up changes no shard to another number of members, and says what does', () => {
  const shards = [shardOf(three()), shardOf([member(0)], { id: 2 })];
  const refusal = (wanted: unknown) => refusalOf(() => refuseOtherSizes(shards, wanted));
  expect(refusal(undefined)).toBeNull();
  expect(refusal(3)).toMatch(
    /^etcd-2 has 1 member, and `up` does not make them 3 \| `vase member add etcd-2`/,
  );
  expect(refusal(1)).toMatch(/^etcd-1 has 3 members, .* \| `vase member remove etcd-1-2`/);
  expect(refusalOf(() => refuseOtherSizes(shards.slice(0, 1), 3))).toBeNull();
});
