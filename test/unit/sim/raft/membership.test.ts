import { describe, expect, test } from 'vitest';
import { Membership, MembershipChange } from '../../../../sim/raft/membership.ts';
import { Group } from './group.ts';

const add = (node: number): MembershipChange => new MembershipChange('add_learner', node);
const promote = (node: number): MembershipChange => new MembershipChange('promote', node);
const remove = (node: number): MembershipChange => new MembershipChange('remove', node);

describe('membership', () => {
  test('a number joins as a learner, gets its vote, leaves, and never comes back', () => {
    const membership = new Membership(3);
    expect(membership.apply(promote(4))).toBe(false);
    expect(membership.apply(add(4))).toBe(true);
    expect(membership.apply(add(4))).toBe(false);
    expect(membership).toMatchObject({ voters: [1, 2, 3], learners: [4], members: [1, 2, 3, 4] });
    expect(membership.apply(promote(4))).toBe(true);
    expect(membership.apply(remove(2))).toBe(true);
    expect(membership).toMatchObject({ voters: [1, 3, 4], learners: [] });
    expect(membership.apply(add(2))).toBe(false);
    expect(membership.isRemoved(2)).toBe(true);
  });
});

describe('a group that changes', () => {
  test('a learner gets the log, and neither votes nor counts', () => {
    const group = new Group(3, { more: 1 });
    group.campaign(1);
    group.deliver();
    group.propose(1, add(4));
    group.deliver();
    expect(group.node(4).state.log.committed).toBe(group.node(1).state.log.committed);
    const { committed } = group.node(1).state.log;
    group.propose(1, 'held by a learner alone');
    group.deliverAmong(1, 4);
    expect(group.node(4).state.log.lastIndex).toBe(committed + 1);
    expect(group.node(1).state.log.committed).toBe(committed);
    group.campaign(4);
    expect(group.node(4).state.role).toBe('follower');
    expect(group.mail).toEqual([]);
  });

  test('with a vote, it makes a quorum with half of the others', () => {
    const group = new Group(3, { more: 1 });
    group.campaign(1);
    group.deliver();
    for (const change of [add(4), promote(4)]) {
      group.propose(1, change);
      group.deliver();
      group.heartbeat(1);
      group.deliver();
    }
    group.propose(1, 'held by two of four');
    group.deliverAmong(1, 4);
    expect(group.node(1).state.log.committed).toBe(3);
    group.campaign(4);
    group.deliverAmong(2, 3, 4);
    expect(group.node(4).state.role).toBe('leader');
  });

  test('one change is under way at a time, and only a leader takes one', () => {
    const group = new Group(3, { more: 1 });
    group.campaign(1);
    group.deliver();
    expect(group.node(2).propose(0, add(4))).toBe(false);
    group.propose(1, remove(3));
    group.propose(1, remove(2));
    group.deliver();
    group.heartbeat(1);
    group.deliver();
    expect(group.node(1).state.membership.voters).toEqual([1, 2]);
    group.propose(1, remove(2));
    group.deliver();
    expect(group.node(1).state.membership.voters).toEqual([1]);
    group.propose(1, 'alone');
    expect(group.node(1).state.log.committed).toBe(group.node(1).state.log.lastIndex);
  });

  test('who has been removed is not listened to', () => {
    const group = new Group(3);
    group.campaign(1);
    group.deliver();
    group.propose(1, remove(3));
    group.deliverAmong(1, 2);
    group.heartbeat(1);
    group.deliverAmong(1, 2);
    const { term } = group.node(2).state;
    for (let tries = 0; tries < 3; tries++) {
      group.campaign(3);
      group.deliver();
    }
    expect(group.node(2).state.term).toBe(term);
    expect(group.node(1).state.role).toBe('leader');
  });

  test('nobody stands for election by a membership that it knows to be over', () => {
    const group = new Group(3);
    group.campaign(1);
    group.deliver();
    const { state } = group.node(2);
    state.log.append(state.log.lastIndex, state.log.lastTerm, [
      { term: state.term, index: state.log.lastIndex + 1, payload: remove(3) },
    ]);
    state.log.commitTo(state.log.lastIndex);
    state.log.applied = state.log.committed - 1;
    group.node(2).tick(state.electionDueUs);
    expect(state.role).toBe('follower');
  });
});
