// What etcd's own log says of its data, as several releases wrote it when they were started on damaged ones.
import { expect, test } from 'vitest';
import { findDamage, isQuorum } from '../../../../../../cluster/providers/local/processes/member-loss.ts';

const start = '{"level":"info","msg":"starting an etcd server","etcd-version":"3.6.16"}';
const ready = '{"level":"info","msg":"ready to serve client requests"}';
const fatal = (error: string) => JSON.stringify({ level: 'fatal', msg: 'discovery failed', error });

test.each([
  ['3.5, a damaged log', fatal('walpb: crc mismatch'), 'walpb: crc mismatch'],
  ['3.6, a damaged log', fatal('proto: wrong wireType = 0 for field Data'), 'proto: wrong wireType'],
  [
    '3.7, an empty segment',
    'panic: runtime error: invalid memory address or nil pointer dereference',
    'nil pointer',
  ],
  [
    'a damaged database',
    '{"level":"panic","msg":"failed to open database","path":"/db","error":"invalid database"}',
    'failed to open database: invalid database',
  ],
])('%s is damage', (_release, line, reason) => {
  expect(findDamage(`${start}\n${line}\n`)).toContain(reason);
});

test.each([
  ['a disk that is full', fatal('write /wal: no space left on device')],
  [
    'a port that is taken',
    '{"level":"fatal","msg":"discovery failed","error":"listen tcp: bind: address already in use"}',
  ],
  [
    'a folder that may not be read',
    '{"level":"panic","msg":"failed to open database","error":"open db: permission denied"}',
  ],
  ['a wrong setting', fatal("couldn't find local name in the initial cluster configuration")],
  ['an end by a signal', '{"level":"info","msg":"received signal; shutting down","signal":"terminated"}'],
])('%s is none', (_what, line) => {
  expect(findDamage(`${start}\n${line}\n`)).toBeNull();
});

test('what counts is the last start, and whether it came to serve', () => {
  const damaged = fatal('walpb: crc mismatch');
  expect(findDamage([start, damaged, start, ready].join('\n'))).toBeNull();
  expect(findDamage([start, ready, 'panic: something later'].join('\n'))).toBeNull();
  expect(findDamage([start, ready, start, damaged].join('\n'))).not.toBeNull();
  expect(findDamage(damaged)).toBeNull();
});

test('a quorum is of those that have a vote', () => {
  const member = (name: string, joins = false) => ({
    name,
    clientPort: 1,
    peerPort: 2,
    process: null,
    ...(joins && { joining: { replaces: null, started: false } }),
  });
  const three = { members: [member('a'), member('b'), member('c')] };
  expect(isQuorum(three, new Set(['a']))).toBe(false);
  expect(isQuorum(three, new Set(['a', 'c']))).toBe(true);
  const two = { members: [member('a'), member('b'), member('c', true)] };
  expect(isQuorum(two, new Set(['a', 'c']))).toBe(false);
  expect(isQuorum(two, new Set(['a', 'b']))).toBe(true);
});
