import { expect, test } from 'vitest';
import type { StatusReply } from '../../../sharder/core/etcd-messages.ts';
import { EndpointChoice } from '../../../sharder/etcd/client/endpoint-choice.ts';

const status = (memberId: string, leaderId: string, raftTerm: number): StatusReply => ({
  kind: 'status',
  header: { memberId, revision: 1, raftTerm },
  version: '3.4.23',
  dbSizeBytes: 0,
  dbSizeInUseBytes: 0,
  quotaBytes: 0,
  leaderId,
  raftIndex: 1,
  isLearner: false,
  raftTerm,
});

test('the leader of the newest term is preferred, whatever a deposed one says', () => {
  const choice = new EndpointChoice(['a:1', 'b:1', 'c:1']);
  const answers = new Map([
    ['a:1', status('1', '1', 4)],
    ['b:1', status('2', '3', 5)],
    ['c:1', status('3', '3', 5)],
  ]);
  expect(choice.preferLeader(answers)).toBe(true);
  expect(choice.current).toBe('c:1');
});

test('a leader that did not answer is not preferred', () => {
  const choice = new EndpointChoice(['a:1', 'b:1']);
  expect(choice.preferLeader(new Map([['a:1', status('1', '2', 5)]]))).toBe(false);
  expect(choice.current).toBe('a:1');
});

test('without a leader nothing is preferred', () => {
  const choice = new EndpointChoice(['a:1', 'b:1']);
  expect(choice.preferLeader(new Map([['b:1', status('2', '0', 5)]]))).toBe(false);
});

test('who leads is settled when most members name one leader and it has answered, too', () => {
  const choice = new EndpointChoice(['a:1', 'b:1', 'c:1']);
  const settled = (...answers: [string, StatusReply][]) => choice.isSettledBy(new Map(answers));
  expect(settled(['b:1', status('2', '3', 5)], ['c:1', status('3', '3', 5)])).toBe(true);
  expect(settled(['c:1', status('3', '3', 5)])).toBe(false);
  expect(settled(['a:1', status('1', '3', 5)], ['b:1', status('2', '3', 5)])).toBe(false);
  // One of them is behind, or ahead.
  expect(settled(['a:1', status('1', '1', 4)], ['c:1', status('3', '3', 5)])).toBe(false);
  expect(settled(['b:1', status('2', '0', 6)], ['c:1', status('3', '3', 5)])).toBe(false);
});

test('only the endpoint in use is given up, so that one failure does not pass over two members', () => {
  const choice = new EndpointChoice(['a:1', 'b:1', 'c:1']);
  choice.avoid('a:1');
  choice.avoid('a:1');
  expect(choice.current).toBe('b:1');
});

test('new endpoints keep the preferred one if it is among them', () => {
  const choice = new EndpointChoice(['a:1', 'b:1']);
  choice.avoid('a:1');
  choice.replace(['x:1', 'b:1']);
  expect(choice.current).toBe('b:1');
  choice.replace(['y:1']);
  expect(choice.current).toBe('y:1');
});

test('a member of another shard is not asked again where there are others, and its word on its leader counts nothing', () => {
  const choice = new EndpointChoice(['a:1', 'b:1']);
  choice.noteAnswer('a:1', '7');
  choice.distrust('7');
  expect(choice.current).toBe('b:1');
  const leads = new Map([
    ['a:1', status('7', '7', 9)],
    ['b:1', status('2', '2', 5)],
  ]);
  expect(choice.preferLeader(leads)).toBe(true);
  expect(choice.current).toBe('b:1');
});
