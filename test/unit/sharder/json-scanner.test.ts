/** Bodies with too much in them are refused before they are parsed, and no others. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonScanner } from '../../../sharder/http/json-scanner.ts';
import { JsonParts, JsonText } from '../../../sharder/http/json-text.ts';

const bounds = { objects: 1001, members: 8000, depth: 8 };

/** How many bytes it took until the text was refused; null: it was not. */
function refusedAfter(text: Buffer, chunkBytes: number): number | null {
  const scanner = new JsonScanner(bounds);
  for (let at = 0; at < text.length; at += chunkBytes) {
    try {
      scanner.scan(text.subarray(at, at + chunkBytes));
    } catch {
      return Math.min(text.length, at + chunkBytes);
    }
  }
  return null;
}

test.each([
  ['empty objects', `{"operations":[${'{},'.repeat(2_700_000)}{}]}`],
  ['numbers', `{"operations":[${'1,'.repeat(4_000_000)}1]}`],
  ['empty lists', `{"operations":[${'[],'.repeat(2_700_000)}[]]}`],
  ['fields', `{${Array.from({ length: 500_000 }, (_, index) => `"${index}":1`).join(',')}}`],
  ['nested lists', '['.repeat(8_000_000)],
])('8 MB of %s are refused within their first 128 KiB', (_what, text) => {
  expect(refusedAfter(Buffer.from(text), 64 * 1024)).toBeLessThanOrEqual(128 * 1024);
});

test('what is in strings does not count, however they are escaped and cut', () => {
  const value = '{[,"\\'.repeat(3000) + '\\';
  const operations = Array.from({ length: 1000 }, (_, index) => ({
    op: 'put',
    key: `${index}`,
    value: '\\",{',
  }));
  operations[0]!.value = value;
  const text = Buffer.from(JSON.stringify({ operations }));
  for (const chunkBytes of [1, 2, 3, 7, 64, 65_536]) expect(refusedAfter(text, chunkBytes)).toBeNull();
});

test('a text is judged alike however it is cut', () => {
  const tight = { objects: 6, members: 12, depth: 4 };
  const judge = (text: Buffer, chunkBytes: number) => {
    const scanner = new JsonScanner(tight);
    try {
      for (let at = 0; at < text.length; at += chunkBytes) scanner.scan(text.subarray(at, at + chunkBytes));
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
      fc.integer({ min: 1, max: 9 }),
      (value, bytes) => {
        const text = Buffer.from(JSON.stringify(value));
        expect(judge(text, bytes)).toBe(judge(text, text.length));
      },
    ),
  );
});

test('a value becomes the JSON that JSON.stringify makes of it, and its length is known before', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary' }), (bytes, text) => {
      for (const value of [bytes, Buffer.from(text)]) {
        const expected = JSON.stringify(Buffer.from(value).toString());
        const encoded = new JsonText(value);
        expect(encoded.encode().toString()).toBe(expected);
        expect(encoded.byteLength).toBe(Buffer.byteLength(expected));
      }
    }),
  );
});

test('JSON in parts is the JSON of the whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })), (name, values) => {
      const key = name.replaceAll('\0', '');
      const parts = new JsonParts({
        key,
        list: values.map((value) => ({ value: new JsonText(Buffer.from(value)) })),
      });
      const expected = JSON.stringify({
        key,
        list: values.map((value) => ({ value: Buffer.from(value).toString() })),
      });
      expect(Buffer.concat(parts.encode().map((part) => Buffer.from(part))).toString()).toBe(
        Buffer.from(expected).toString(),
      );
      expect(parts.byteLength).toBe(Buffer.byteLength(expected));
    }),
  );
});
