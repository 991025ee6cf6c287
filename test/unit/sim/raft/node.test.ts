import { describe, expect, test } from 'vitest';
import { RaftNode } from '../../../../sim/raft/node.ts';
import type { RaftOptions } from '../../../../sim/raft/state.ts';
import { noBugs } from '../../../../sim/etcd/sim-bugs.ts';
import { RandomStream } from '../../../../sim/kernel/random-stream.ts';
import { Group } from './group.ts';

describe('raft node', () => {
  test('wins with a majority of votes, and commits what a majority holds', () => {
    const group = new Group(5);
    group.campaign(1);
    group.deliverAmong(1, 2, 3);
    expect(group.node(1).state.role).toBe('leader');
    group.propose(1, 'payload');
    group.deliverAmong(1, 2, 3);
    expect(group.node(1).state.log).toMatchObject({ committed: 2, applied: 2 });
    expect(group.node(4).state.log.lastIndex).toBe(0);
    group.propose(1, 'never');
    group.deliverAmong(1, 2);
    expect(group.node(1).state.log.committed).toBe(2);
  });

  test('passes a proposal on to the leader, and drops it when there is none', () => {
    const group = new Group(3);
    expect(group.node(2).propose(0, 'lost')).toBe(false);
    group.campaign(1);
    group.deliver();
    group.propose(2, 'passed on');
    group.deliver();
    for (const node of group.nodes) expect(node.state.log.entryAt(2).payload).toBe('passed on');
  });

  test('does not commit entries of an earlier term by counting (Raft, figure 8)', () => {
    const group = new Group(3);
    group.campaign(1);
    group.deliver();
    const { committed } = group.node(1).state.log;
    // 1. The leader takes more entries than one append carries; nobody receives them.
    for (let count = 0; count < 300; count++) group.propose(1, count);
    group.deliver(() => false);
    // 2. Another leader is elected, and dies before anybody has heard of its first entry.
    group.campaign(2);
    group.deliver((message) => message.kind.startsWith('vote') && message.from !== 1 && message.to !== 1);
    expect(group.node(2).state.role).toBe('leader');
    // 3. The first one steps down, is refused in the term of the second, and is elected again by node 3, to which it
    // brings the old entries bit by bit.
    while (group.node(1).state.term < 3) group.campaign(1);
    group.onStep = ({ state: { role, log, term } }) => {
      if (role === 'leader' && log.committed > committed) expect(log.termAt(log.committed)).toBe(term);
    };
    group.deliverAmong(1, 3);
    expect(group.node(1).state).toMatchObject({ role: 'leader' });
    expect(group.node(1).state.log.committed).toBe(group.node(1).state.log.lastIndex);
    expect(group.node(3).state.log.lastIndex).toBe(committed + 301);
  });

  test('finds where a long wrong tail begins in a few steps', () => {
    const group = new Group(3);
    group.campaign(1);
    group.deliver();
    for (let count = 0; count < 500; count++) group.propose(1, `wrong ${count}`);
    group.deliver(() => false);
    group.campaign(2);
    group.deliverAmong(2, 3);
    group.propose(2, 'right');
    group.deliverAmong(2, 3);
    let appends = 0;
    group.heartbeat(2);
    group.deliver((message) => {
      if (message.kind === 'append' && message.to === 1) appends++;
      return true;
    });
    expect(group.node(1).state.log.slice(1, 10)).toEqual(group.node(2).state.log.slice(1, 10));
    expect(group.node(1).state.log.lastIndex).toBe(group.node(2).state.log.lastIndex);
    expect(appends).toBeLessThan(10);
  });

  test('a leader answers a read only after a quorum has confirmed it, and not by the word of one in five', () => {
    const group = new Group(5);
    group.campaign(1);
    group.deliver();
    group.read(1, 7);
    group.deliverAmong(1, 2);
    expect(group.reads).toEqual([]);
    group.read(1, 8);
    group.deliverAmong(1, 2, 3);
    expect(group.reads.map(({ read }) => read)).toEqual([
      { context: 7, index: 1 },
      { context: 8, index: 1 },
    ]);
  });

  test('a new leader answers no read before it has committed an entry of its own term', () => {
    const group = new Group(3);
    group.campaign(1);
    group.deliver();
    group.propose(1, 'committed, but node 2 does not know it yet');
    group.deliver((message) => message.kind !== 'append' || message.entries.length > 0);
    expect(group.node(1).state.log.committed).toBe(2);
    expect(group.node(2).state.log.committed).toBe(1);
    group.campaign(2);
    group.deliver((message) => message.kind.startsWith('vote'));
    expect(group.node(2).state.role).toBe('leader');
    group.read(2, 7);
    group.deliver((message) => message.kind.startsWith('heartbeat'));
    expect(group.reads).toEqual([]);
    group.heartbeat(2);
    group.deliver();
    group.read(2, 8);
    group.deliver();
    expect(group.reads).toMatchObject([{ node: 2, read: { context: 8 } }]);
    expect(group.reads[0]!.read.index).toBeGreaterThanOrEqual(3);
  });

  test('a follower asks its leader, and learns the index', () => {
    const group = new Group(3);
    group.campaign(1);
    group.deliver();
    group.read(3, 5);
    group.deliver();
    expect(group.reads).toEqual([{ node: 3, read: { context: 5, index: 1 } }]);
    expect(new Group(3).node(2).read(0, 1)).toBe(false);
  });

  test('votes once in a term, restarts included', () => {
    const options: RaftOptions = {
      id: 2,
      voters: 3,
      heartbeatUs: 100,
      electionUs: 1_000,
      preVote: false,
      keptEntries: Infinity,
      bugs: noBugs,
      random: new RandomStream(1, 'node'),
    };
    const ask = (node: RaftNode, from: number): boolean => {
      const message = { from, to: 2, term: 5, index: 9, logTerm: 4, commit: 0, entries: [] };
      node.step(0, { kind: 'vote', ...message, reject: false, rejectHint: 0, context: 0 });
      const { messages, earlyMessages } = node.takeReady()!;
      return [...messages, ...earlyMessages].some((sent) => sent.kind === 'vote_response' && !sent.reject);
    };
    const node = new RaftNode(options);
    expect(ask(node, 1)).toBe(true);
    expect(ask(node, 3)).toBe(false);
    const { term, vote } = node.state;
    const restarted = new RaftNode(options, { hardState: { term, vote, commit: 0 }, entries: [] });
    expect(ask(restarted, 3)).toBe(false);
    expect(ask(restarted, 1)).toBe(true);
  });

  test('what it promises must wait for the disk; what a leader sends need not', () => {
    const group = new Group(3);
    group.campaign(1);
    const [request] = group.mail.filter((message) => message.to === 2);
    const voter = group.node(2);
    voter.step(0, request!);
    const ready = voter.takeReady()!;
    expect(ready).toMatchObject({ mustSync: true, earlyMessages: [], hardState: { vote: 1 } });
    expect(ready.messages.map((message) => message.kind)).toEqual(['vote_response']);
    group.deliver();
    const leader = group.node(1);
    leader.propose(0, 'payload');
    const appends = leader.takeReady()!;
    expect(appends).toMatchObject({ mustSync: true, messages: [] });
    expect(appends.earlyMessages.map((message) => message.kind)).toEqual(['append', 'append']);
  });

  test('with pre-vote, who hears nothing does not raise its term', () => {
    const group = new Group(3, { preVote: true });
    group.campaign(1);
    group.deliver();
    expect(group.node(1).state.role).toBe('leader');
    const { term } = group.node(2).state;
    for (let tries = 0; tries < 5; tries++) {
      group.campaign(3);
      group.deliver(() => false);
    }
    expect(group.node(3).state.term).toBe(term);
  });
});
