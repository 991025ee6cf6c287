import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../../../sim/checker/check-history.ts';
import { toHistoryLines } from '../../../../../sim/checker/history/history-lines.ts';
import { makeHistory } from '../../../../bench/checker-histories.ts';
import { readLines } from '../events.ts';

const invoke = { process: 1, type: 'invoke', f: 'put', key: 'x', value: 5, time: 10 };
const done = { process: 1, type: 'ok', f: 'put', key: 'x', value: 5, time: 20 };
const casInvoke = { process: 1, type: 'invoke', f: 'cas', key: 'x', value: [1, 2], time: 10 };

describe('a good file', () => {
  test('becomes operations with moments in the order of time', () => {
    const { operations, timesNs, faults } = readLines([
      { type: 'fault', name: 'kill etcd-1-2', time: 5, until: 15 },
      invoke,
      { process: 2, type: 'invoke', f: 'get', key: 'x', time: 12 },
      done,
      '',
      { process: 2, type: 'ok', f: 'get', key: 'x', value: null, time: 30 },
    ]);
    expect(operations).toEqual([
      {
        process: 1,
        key: 'x',
        action: { kind: 'put', value: 5 },
        outcome: { kind: 'ok' },
        invoked: 0,
        returned: 2,
      },
      {
        process: 2,
        key: 'x',
        action: { kind: 'get' },
        outcome: { kind: 'ok', value: null },
        invoked: 1,
        returned: 3,
      },
    ]);
    expect([...timesNs]).toEqual([10, 12, 20, 30]);
    expect(faults).toEqual([{ name: 'kill etcd-1-2', fromNs: 5, untilNs: 15 }]);
  });

  test('need not be sorted: the files of two recorders can stand one after the other', () => {
    const late = { ...invoke, process: 2, f: 'get', value: undefined, time: 12 };
    const { operations, timesNs } = readLines([
      invoke,
      done,
      late,
      { ...late, type: 'ok', value: 5, time: 15 },
    ]);
    expect(operations.map(({ invoked, returned }) => [invoked, returned])).toEqual([
      [0, 3],
      [1, 2],
    ]);
    expect([...timesNs]).toEqual([10, 12, 15, 20]);
  });

  test('at equal times the order of the lines decides', () => {
    const read = { process: 2, type: 'invoke', f: 'get', key: 'x', time: 20 };
    const stale = { ...read, type: 'ok', value: null, time: 21 };
    expect(checkHistory(readLines([invoke, done, read, stale]).operations).kind).toBe('illegal');
    expect(checkHistory(readLines([invoke, read, done, stale]).operations).kind).toBe('ok');
  });

  test('may leave out the key, and what a completion repeats', () => {
    const { operations } = readLines([
      { process: 1, type: 'invoke', f: 'cas', value: [null, 'a'], time: 1 },
      { process: 1, type: 'fail', f: 'cas', time: 2, reason: 'mismatch' },
      { process: 1, type: 'invoke', f: 'delete', time: 3 },
      { process: 1, type: 'fail', f: 'delete', time: 4, reason: 'mismatch' },
    ]);
    expect(operations.map(({ key, outcome }) => [key, outcome.kind])).toEqual([
      [null, 'mismatch'],
      [null, 'fail'],
    ]);
  });

  test('leaves what is not completed, or completed as info, open, and lets the process go on', () => {
    const { operations } = readLines([invoke, { ...done, type: 'info' }, { ...invoke, time: 30 }]);
    expect(operations.map(({ outcome }) => outcome.kind)).toEqual(['open', 'open']);
  });

  test.each([true, false])('read back from its own lines has the same verdict, versions: %s', (versions) => {
    const shape = { operations: 500, keys: 3, concurrency: 5, open: 5, reads: 0.4, seed: 9 };
    const history = makeHistory({ ...shape, versions, values: 4, writes: ['put', 'cas', 'delete'] });
    const read = readLines([...toHistoryLines(history, [{ name: 'pause', fromNs: 3, untilNs: null }])]);
    expect(read.operations).toHaveLength(history.length);
    expect(checkHistory(read.operations).keys.map(({ key, kind, path }) => [key, kind, path])).toEqual(
      expect.arrayContaining(checkHistory(history).keys.map(({ key, kind, path }) => [key, kind, path])),
    );
  });
});

describe('a bad file is refused with its line and the reason', () => {
  const get = { process: 1, type: 'invoke', f: 'get', key: 'x', time: 10 };
  test.each([
    ['{"process":1,', 'line 1: it is not JSON'],
    ['[1]', 'line 1: it is not a JSON object'],
    [{ ...invoke, type: 'okay' }, 'line 1: its "type" is "okay", not invoke, ok, fail, info or fault'],
    [{ ...invoke, type: undefined }, 'line 1: it has no "type": invoke, ok, fail, info or fault'],
    [{ ...invoke, process: -1 }, 'line 1: its "process" is -1, not a whole number, 0 or more'],
    [{ ...invoke, process: undefined }, 'line 1: its "process" is missing, not a whole number, 0 or more'],
    [{ ...invoke, f: 'read' }, 'line 1: its "f" is "read", not get, put, cas, append or delete'],
    [{ ...invoke, key: 7 }, 'line 1: its "key" is 7, not a string'],
    [{ ...invoke, value: { a: 1 } }, 'line 1: its "value" is {"a":1}, not a JSON scalar'],
    [{ ...invoke, value: undefined }, 'line 1: a put is invoked with a value'],
    [{ ...invoke, time: '10' }, 'line 1: its "time" is "10", not a number of nanoseconds'],
    [{ ...invoke, f: 'append' }, 'line 1: an append is invoked with a string'],
    [
      { ...casInvoke, value: [1] },
      'line 1: the "value" of a cas is [1], not [expected, new] of two JSON scalars',
    ],
    [
      { ...casInvoke, value: [1, []] },
      'line 1: the "value" of a cas is [1,[]], not [expected, new] of two JSON scalars',
    ],
    [{ ...casInvoke, value: null }, 'line 1: a cas is invoked with a value, [expected, new]'],
    [{ ...get, value: 5 }, 'line 1: a get is invoked without a value'],
    [done, 'line 1: process 1 completes an operation that it did not invoke'],
    [{ type: 'fault', time: 1 }, 'line 1: the fault has no "name"'],
    [
      { type: 'fault', name: 'a', time: 2, until: 1 },
      'line 1: the fault ends ("until") before it begins ("time")',
    ],
  ])('%j', (line, message) => {
    expect(() => readLines([line])).toThrow(message);
  });

  test.each([
    [{ ...invoke, time: 15 }, 'line 2: process 1 invokes while its last operation is not completed'],
    [{ ...done, time: 9 }, 'line 2: the time of process 1 goes back, from 10 to 9'],
    [{ ...done, f: 'get' }, 'line 2: process 1 completes a get, but what it invoked is a put'],
    [{ ...done, key: 'y' }, 'line 2: process 1 completes key "y", but what it invoked is "x"'],
    [{ ...done, value: 6 }, 'line 2: process 1 completes value 6, but what it invoked is 5'],
    [{ ...done, version: 0 }, 'line 2: its "version" is 0, but versions begin at 1'],
    [{ ...done, version: 1.5 }, 'line 2: its "version" is 1.5, not a whole number, 0 or more'],
    [{ ...done, removed: true }, 'line 2: "removed" is true or false, of a delete only'],
  ])('after an invocation: %j', (line, message) => {
    expect(() => readLines([invoke, line])).toThrow(message);
  });

  test('a get that is ok without a value', () => {
    expect(() => readLines([get, { ...get, type: 'ok' }])).toThrow(
      'line 2: a get that is ok carries a value',
    );
  });

  test('a file without operations, because nothing would have been judged', () => {
    expect(() => readLines([])).toThrow('the file holds no operation');
    expect(() => readLines([{ type: 'fault', name: 'a', time: 1 }])).toThrow('the file holds no operation');
  });
});
