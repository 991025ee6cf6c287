import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeCondition } from '../../../sharder/http/conditions.ts';
import { type EntityTag, parseTagList } from '../../../sharder/http/entity-tags.ts';
import { HttpError } from '../../../sharder/http/http-error.ts';

const strong = (text: string): EntityTag => ({ isWeak: false, text });
const weak = (text: string): EntityTag => ({ isWeak: true, text });

test.each<[string, ReturnType<typeof parseTagList>]>([
  ['*', '*'],
  ['', []],
  ['"7"', [strong('7')]],
  ['"7","8"', [strong('7'), strong('8')]],
  ['"7" ,\t"8"', [strong('7'), strong('8')]],
  [', "7",, W/"8" ,', [strong('7'), weak('8')]],
  ['""', [strong('')]],
  ['"a,b"', [strong('a,b')]],
  ['"\\"', [strong('\\')]],
])('%s is a list of entity tags', (text, list) => {
  expect(parseTagList('If-Match', text)).toEqual(list);
});

test.each([
  '7',
  '"7',
  '7"',
  '"7""8"',
  '"7" "8"',
  '*,"7"',
  '"7",*',
  '**',
  'w/"7"',
  'W/7',
  '"a b"',
  '"\u0001"',
  '"7";',
])('%s is none, and the error names the header', (text) => {
  expect(() => parseTagList('If-Match', text)).toThrow('If-Match must be * or a list');
});

test('what was written as a list is read as it, and any text is a list or refused', () => {
  const tag = fc.record({ isWeak: fc.boolean(), text: fc.stringMatching(/^[!#-~]{0,8}$/) });
  const gap = fc.constantFrom(',', ' , ', ',\t,', ', ');
  fc.assert(
    fc.property(fc.array(fc.tuple(tag, gap)), (parts) => {
      const text = parts
        .map(([{ isWeak, text: inner }, after]) => `${isWeak ? 'W/' : ''}"${inner}"${after}`)
        .join('');
      expect(parseTagList('If-Match', text)).toEqual(parts.map(([each]) => each));
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseTagList('If-Match', text);
      } catch (error) {
        expect(error).toBeInstanceOf(HttpError);
      }
    }),
  );
});

test('a list that is long and wrong at its end is refused at once', () => {
  // Of this process: on a loaded machine the clock says nothing.
  const before = process.cpuUsage();
  expect(() => parseTagList('If-Match', `${' , '.repeat(5000)}x`)).toThrow(HttpError);
  expect(() => parseTagList('If-Match', '"1" '.repeat(4000))).toThrow(HttpError);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
});

const list = (text: string | null) => (text === null ? null : parseTagList('If-Match', text));

test.each([
  [null, null, { kind: 'always' }],
  ['*', null, { kind: 'exists' }],
  [null, '*', { kind: 'absent' }],
  ['"7"', null, { kind: 'version', version: 7 }],
  ['"7", "8", "7"', null, { kind: 'one_of', versions: [7, 8] }],
  ['W/"7"', null, { kind: 'one_of', versions: [] }],
  ['"007", "0", "x", "7"', null, { kind: 'version', version: 7 }],
  [null, '"7", W/"8"', { kind: 'none_of', versions: [7, 8], exists: false }],
  [null, '"x"', { kind: 'always' }],
  ['*', '"7"', { kind: 'none_of', versions: [7], exists: true }],
  ['*', '"x"', { kind: 'exists' }],
  ['*', '*', { kind: 'one_of', versions: [] }],
  ['"7"', '*', { kind: 'one_of', versions: [] }],
  ['"7", "8"', '"8"', { kind: 'version', version: 7 }],
  ['"7"', '"7"', { kind: 'one_of', versions: [] }],
])('a write with If-Match %s and If-None-Match %s has one condition', (match, noneMatch, condition) => {
  expect(writeCondition({ match: list(match), noneMatch: list(noneMatch) })).toEqual(condition);
});
