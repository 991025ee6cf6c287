/** What a history says is judged as it was written: what cannot be kept exactly is refused, with its line and its field. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkHistory } from '../../../../../sim/checker/check-history.ts';
import { InexactNumberError, parseExactly } from '../../../../../sim/checker/history/exact-json.ts';
import { readHistoryFile } from '../../../../../sim/checker/history/history-file.ts';
import { HistoryReader } from '../../../../../sim/checker/history/history-reader.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vase-exact-'));
});
afterAll(() => rm(folder, { recursive: true }));

function read(...lines: string[]) {
  const reader = new HistoryReader();
  for (const line of lines) reader.readLine(line);
  return reader.finish();
}

const put = (value: string, more = '') =>
  `{"process":1,"type":"invoke","f":"put","key":"x","value":${value},"time":1${more}}`;

test.each([
  ['a value', put('9007199254740993'), 'its "value" is 9007199254740993, which cannot be kept exactly'],
  ['a value past all bounds', put('1e999'), 'its "value" is 1e999,'],
  ['a value near 0', put('1e-400'), 'its "value" is 1e-400,'],
  ['a fraction', put('0.10000000000000000001'), 'its "value" is 0.10000000000000000001,'],
  [
    'a member of a pair',
    put('[1,9007199254740993]').replace('put', 'cas'),
    'number 2 of its "value" is 9007199254740993,',
  ],
  ['a version', put('1', ',"version":9007199254740993'), 'its "version" is 9007199254740993,'],
  ['a process', put('1').replace('"process":1', '"process":9007199254740993'), 'its "process" is'],
  ['a time that is no whole number', put('1').replace('"time":1', '"time":1e400'), 'its "time" is 1e400,'],
  ['a byte-order mark', `\ufeff${put('1')}`, 'it begins with a byte-order mark'],
  ['CR as the end of lines', `${put('1')}\r${put('1')}`, 'lines end with CR'],
])('%s that cannot be kept is refused', (_what, line, message) => {
  expect(() => read(line)).toThrow(`line 1: ${message}`);
});

test.each(['9007199254740992', '-9007199254740992', '0.1', '0.10', '1e2', '1E+2', '100', '-0', '0.000'])(
  '%s is kept',
  (value) => {
    const [operation] = read(put(value)).operations;
    expect(operation!.action).toEqual({ kind: 'put', value: Number(value) });
  },
);

test('lines that end with CR and LF are read', () => {
  expect(read(`${put('1')}\r`).operations).toHaveLength(1);
});

test('two decimal numbers that are kept are one exactly when they are the same', () => {
  const number = fc.tuple(
    fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }),
    fc.integer({ min: -30, max: 30 }),
  );
  const kept = ([digits, exponent]: [bigint, number]) => {
    try {
      return parseExactly(`{"v":${digits}e${exponent}}`, new Set()) as { v: number };
    } catch (error) {
      if (error instanceof InexactNumberError) return null;
      throw error;
    }
  };
  // Scaled to whole numbers: what they are, past all doubles.
  const exact = ([digits, exponent]: [bigint, number]) => digits * 10n ** BigInt(exponent + 31);
  const near = number.chain((one) =>
    fc.tuple(fc.constant(one), fc.oneof(fc.constant<[bigint, number]>([one[0] * 10n, one[1] - 1]), number)),
  );
  fc.assert(
    fc.property(near, ([one, other]) => {
      const [a, b] = [kept(one), kept(other)];
      if (a !== null && b !== null) expect(a.v === b.v).toBe(exact(one) === exact(other));
    }),
    { numRuns: 3000 },
  );
});

test('times in nanoseconds since 1970 are kept to the nanosecond', () => {
  const at = (last: number) => `17000000000000000${String(last).padStart(2, '0')}`;
  const line = (process: number, type: string, f: string, value: string, time: string) =>
    `{"process":${process},"type":"${type}","f":"${f}","key":"x"${value},"time":${time}}`;
  const history = read(
    // The order of lines is not the order of time.
    line(2, 'invoke', 'get', '', at(30)),
    line(2, 'ok', 'get', ',"value":null', at(31)),
    line(1, 'invoke', 'put', ',"value":5', at(10)),
    line(1, 'ok', 'put', ',"value":5', at(29)),
  );
  expect(checkHistory(history.operations).keys.map(({ kind }) => kind)).toEqual(['illegal']);
  expect([...history.timesNs]).toEqual([-20, -1, 0, 1]);
});

test('bytes that are not UTF-8 are refused with their line, and do not make two keys one', async () => {
  const file = join(folder, 'history.jsonl');
  const [before, after] = put('1').split('"x"') as [string, string];
  const line = Buffer.concat([Buffer.from(`${before}"`), Buffer.of(0xff), Buffer.from(`"${after}\n`)]);
  await writeFile(file, Buffer.concat([Buffer.from(`${put('1').replaceAll('1', '2')}\n`), line]));
  await expect(readHistoryFile(file)).rejects.toThrow('line 2: it is not UTF-8');
});

test('characters of several bytes are whole, wherever a piece of the file ends', async () => {
  const file = join(folder, 'large.jsonl');
  const value = JSON.stringify('€'.repeat(700_000));
  await writeFile(file, `${put('1').replace('"process":1', '"process":2')}\n${put(value)}\n`);
  const { operations } = await readHistoryFile(file);
  expect(operations[1]!.action).toEqual({ kind: 'put', value: '€'.repeat(700_000) });
});
