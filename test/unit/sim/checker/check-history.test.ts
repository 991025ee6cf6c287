import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../../sim/checker/check-history.ts';
import type { Operation } from '../../../../sim/checker/history/operation.ts';
import { makeHistory, makeStale } from '../../../bench/checker-histories.ts';
import {
  append,
  cas,
  found,
  get,
  made,
  mismatch,
  ok,
  open,
  operation,
  put,
  remove,
  sequence,
} from './events.ts';

const kindOf = (operations: Operation[]) => checkHistory(operations).kind;

describe('without versions', () => {
  test('a read of what was overwritten before it began is illegal, and it is the one that cannot be placed', () => {
    const history = sequence([put(1), ok], [put(2), ok], [get, found(1)]);
    expect(checkHistory(history)).toMatchObject({
      kind: 'illegal',
      keys: [{ key: 'x', path: 'search', blocked: 2, order: [0, 1] }],
    });
  });

  test('a read may find either of two values whose writes overlap it', () => {
    const writes = [operation(put(1), ok, [0, 10]), operation(put(2), ok, [0, 10])];
    expect(kindOf([...writes, operation(get, found(1), [11, 12])])).toBe('ok');
    expect(kindOf([...writes, operation(get, found(2), [11, 12])])).toBe('ok');
    expect(kindOf([...writes, operation(get, found(1), [11, 12]), operation(get, found(2), [13, 14])])).toBe(
      'illegal',
    );
  });

  test('equal moments are concurrent', () => {
    expect(kindOf([operation(put(1), ok, [0, 5]), operation(get, found(null), [5, 6])])).toBe('ok');
    expect(kindOf([operation(put(1), ok, [0, 5]), operation(get, found(null), [6, 7])])).toBe('illegal');
  });

  test('an open write may take effect at any later moment, once, or never', () => {
    const write = operation(put(1), open, [0, 1]);
    const late = [operation(get, found(null), [2, 3]), operation(get, found(1), [50, 51])];
    expect(kindOf([write, ...late])).toBe('ok');
    expect(kindOf([write, operation(get, found(null), [2, 3])])).toBe('ok');
    const twice = [operation(put(2), ok, [60, 61]), operation(get, found(1), [70, 71])];
    expect(kindOf([write, ...late, ...twice])).toBe('illegal');
  });

  test('which of two open writes explains a read may show only long after', () => {
    const opens = [operation(put(1), open, [2, 3]), operation(cas(0, 1), open, [4, 5])];
    const reads = [operation(get, found(1), [10, 11]), operation(get, found(1), [30, 31])];
    const writes = [operation(put(0), ok, [0, 1]), operation(put(2), ok, [20, 21])];
    expect(kindOf([...opens, ...reads, ...writes])).toBe('ok');
    expect(kindOf([...opens.slice(1), ...reads, ...writes])).toBe('illegal');
  });

  test('a failed operation must not have taken effect', () => {
    expect(kindOf(sequence([put(1), { kind: 'fail' }], [get, found(null)]))).toBe('ok');
    expect(kindOf(sequence([put(1), { kind: 'fail' }], [get, found(1)]))).toBe('illegal');
  });

  test('a mismatch says that the value was another one', () => {
    expect(kindOf(sequence([put(1), ok], [cas(1, 2), mismatch]))).toBe('illegal');
    expect(kindOf(sequence([put(1), ok], [cas(3, 2), mismatch], [get, found(1)]))).toBe('ok');
    expect(kindOf(sequence([cas(null, 2), mismatch]))).toBe('illegal');
  });

  test('an append joins strings, and a missing key counts as the empty one', () => {
    expect(kindOf(sequence([append('a'), ok], [append('b'), ok], [get, found('ab')]))).toBe('ok');
    expect(kindOf(sequence([append('a'), ok], [append('b'), ok], [get, found('ba')]))).toBe('illegal');
    expect(kindOf(sequence([append(''), ok], [get, found('')]))).toBe('ok');
    expect(kindOf(sequence([append(''), ok], [get, found(null)]))).toBe('illegal');
  });

  test('values of different types are different values', () => {
    expect(kindOf(sequence([put(1), ok], [get, found('1')]))).toBe('illegal');
    expect(kindOf(sequence([put(true), ok], [get, found(true)]))).toBe('ok');
  });

  test('writing null, deleting and never writing leave the same state', () => {
    expect(kindOf(sequence([put(1), ok], [put(null), ok], [cas(null, 2), ok], [get, found(2)]))).toBe('ok');
    expect(kindOf(sequence([put(1), ok], [remove, ok], [get, found(null)]))).toBe('ok');
    expect(kindOf(sequence([put(1), ok], [remove, { kind: 'ok', removed: false }]))).toBe('illegal');
  });

  test('keys are judged one by one, and one illegal key makes the history illegal', () => {
    const history = sequence([put(1), ok], [get, found(1)], [get, found(null)]);
    const elsewhere = history.with(2, { ...history[2]!, key: 'y' });
    expect(kindOf(elsewhere)).toBe('ok');
    expect(kindOf(history)).toBe('illegal');
  });
});

describe('with versions', () => {
  const reasonOf = (operations: Operation[]) => {
    const verdict = checkHistory(operations).keys[0]!;
    return verdict.kind === 'illegal' ? `${verdict.path}: ${verdict.reason}` : verdict.kind;
  };

  test('two acknowledged writes with one version are illegal even where the values could be explained', () => {
    const history = [operation(put(1), made(5), [0, 10]), operation(put(1), made(5), [0, 10])];
    expect(reasonOf(history)).toBe('versions: version 5 was given to two writes');
  });

  test('a read of an older version after a newer one was returned is illegal', () => {
    const history = sequence([put(1), made(5)], [put(2), made(6)], [get, found(1, 5)]);
    expect(reasonOf(history)).toBe(
      'versions: it found version 5, but 6 had been returned before it was invoked',
    );
  });

  test('versions that fall in real time are illegal though nobody read', () => {
    expect(reasonOf(sequence([put(1), made(6)], [put(2), made(5)]))).toContain('it made version 5');
  });

  test('a read names the value of its version, or the history is illegal', () => {
    const history = [operation(put(1), made(5), [0, 9]), operation(put(2), made(6), [0, 9])];
    expect(reasonOf([...history, operation(get, found(1, 6), [0, 9])])).toContain(
      'found version 6 with a value',
    );
    expect(reasonOf([...history, operation(get, found(1, 5), [0, 9])])).toBe('ok');
  });

  test('a version that nobody acknowledged is explained by an open write of that value alone', () => {
    const read = operation(get, found(1, 5), [10, 11]);
    expect(reasonOf([operation(put(1), open, [0, 1]), read])).toBe('ok');
    expect(reasonOf([operation(put(2), open, [0, 1]), read])).toContain('which no write can have made');
    expect(reasonOf([operation(put(1), open, [12, 13]), read])).toMatch(/versions: /);
  });

  test('absence at a bound is illegal between a write below it and the next one', () => {
    const history = sequence([put(1), made(5)], [get, found(null, 7)]);
    expect(reasonOf(history)).toContain('found nothing at version 7');
    expect(reasonOf([...history, operation(remove, open, [0, 1])])).toBe('ok');
    expect(reasonOf(sequence([put(1), made(5)], [remove, made(6)], [get, found(null, 7)]))).toBe('ok');
  });

  test('an open write that nobody read can explain what a cas found', () => {
    const history = sequence([put(1), made(5)], [cas(2, 3), made(9)], [get, found(3, 9)]);
    expect(reasonOf(history)).toContain('the value that it expected');
    expect(reasonOf([operation(put(2), open, [0, 1]), ...history])).toBe('ok');
    // No version is free between the two writes.
    const tight = sequence([put(1), made(8)], [cas(2, 3), made(9)]);
    expect(reasonOf([operation(put(2), open, [0, 1]), ...tight])).toContain('the value that it expected');
  });

  test('an open write that nobody read can let an observation stand before a later write', () => {
    const unheard = sequence([put(1), open], [cas(null, 2), mismatch], [put(3), open], [get, found(3, 7)]);
    expect(kindOf(unheard)).toBe('ok');
    expect(kindOf(unheard.slice(1))).toBe('illegal');

    const twice = [
      operation(put('a'), made(1), [0, 1]),
      operation(put('b'), open, [2, 3]),
      operation(cas('a', 'c'), mismatch, [3, 4]),
      operation(get, found('a'), [5, 6]),
      operation(put('a'), made(3), [5, 8]),
      operation(put('d'), made(4), [9, 10]),
    ];
    expect(kindOf(twice)).toBe('ok');
    expect(kindOf(twice.toSpliced(1, 1))).toBe('illegal');
  });
});

describe('bounds', () => {
  const shape = {
    operations: 400,
    keys: 1,
    concurrency: 20,
    versions: false,
    open: 10,
    values: 3,
    reads: 0.3,
    writes: ['put', 'cas'] as const,
    seed: 5,
  };

  test.each(['steps', 'bytes'] as const)('out of %s the verdict is unknown, never a pass', (exhausted) => {
    const budget = {
      stepsMax: exhausted === 'steps' ? 500 : 1e9,
      bytesMax: exhausted === 'bytes' ? 40_000 : 1e9,
    };
    const verdict = checkHistory(makeHistory(shape), budget);
    expect(verdict).toMatchObject({ kind: 'unknown', keys: [{ kind: 'unknown', exhausted }] });
    expect(checkHistory(makeHistory(shape)).kind).toBe('ok');
  });

  test('an illegal key outweighs one that is not decided', () => {
    const hard = makeHistory(shape);
    const illegal = sequence([put(1), ok], [get, found(2)]);
    expect(checkHistory([...hard, ...illegal], { stepsMax: 500, bytesMax: 1e9 }).kind).toBe('illegal');
  });

  test('hundreds of operations that overlap one another are more than a machine word and still exact', () => {
    const long = {
      ...shape,
      operations: 300,
      concurrency: 100,
      values: 'unique' as const,
      reads: 0.5,
      open: 40,
    };
    expect(checkHistory(makeHistory({ ...long, writes: ['put'] })).kind).toBe('ok');
    const writers = Array.from({ length: 70 }, (_, index) =>
      operation(put(index), ok, [index, 1000 + index]),
    );
    const readers = writers.map((_, index) => operation(get, found(69 - index), [100 + index, 900]));
    expect(checkHistory([...writers, ...readers]).kind).toBe('ok');
    const again = operation(get, found(3), [2000, 2001]);
    const then = operation(get, found(4), [2002, 2003]);
    expect(checkHistory([...writers, ...readers, again, then]).kind).toBe('illegal');
  });

  test('a stale read among thousands of operations is found on both paths', () => {
    for (const versions of [true, false]) {
      const large = {
        ...shape,
        operations: 3000,
        concurrency: 6,
        values: 'unique' as const,
        reads: 0.5,
        versions,
      };
      expect(checkHistory(makeHistory(large)).kind).toBe('ok');
      expect(checkHistory(makeStale(makeHistory(large), 2000)).kind).toBe('illegal');
    }
  });
});
