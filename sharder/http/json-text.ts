/**
 * Values as strings of JSON, from bytes to bytes: a value of 1 MiB through `JSON.stringify` takes up to 14 MiB on its way, most
 * of it garbage, and how long it becomes is known only afterwards.
 */
import { isUtf8 } from 'node:buffer';

/** Bytes that a string of JSON needs for each byte of UTF-8. */
const widths = new Uint8Array(256).fill(1);
widths.fill(6, 0, 0x20);
/** The letters of short escapes. */
const shortEscapes = new Map([
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
]);
for (const byte of shortEscapes.keys()) widths[byte] = 2;

const escapes = Array.from({ length: 256 }, (_, byte) => {
  const short = shortEscapes.get(byte);
  return Buffer.from(short === undefined ? `\\u00${byte.toString(16).padStart(2, '0')}` : `\\${short}`);
});

const noBytes = Buffer.alloc(0);
const quote = 0x22;

/** A value that is to be written as a string of JSON; what is not UTF-8 becomes U+FFFD, as in Node's own text. */
export class JsonText {
  /** With its quotes. */
  readonly byteLength: number;
  private readonly utf8: Uint8Array;

  constructor(value: Uint8Array) {
    this.utf8 = isUtf8(value) ? value : Buffer.from(textOf(value));
    this.byteLength = 2 + widthOf(this.utf8);
  }

  encode(): Buffer {
    const { utf8, byteLength } = this;
    const target = Buffer.allocUnsafeSlow(byteLength);
    target[0] = quote;
    if (byteLength === utf8.length + 2) target.set(utf8, 1);
    else writeEscaped(utf8, target);
    target[byteLength - 1] = quote;
    return target;
  }
}

// Loops by index: the iterator of a typed array takes thirty times as long, and the `?? 0` for a missing byte no time at all.
function widthOf(utf8: Uint8Array): number {
  let width = 0;
  for (let index = 0; index < utf8.length; index++) width += widths[utf8[index] ?? 0] ?? 0;
  return width;
}

function writeEscaped(utf8: Uint8Array, target: Uint8Array): void {
  let at = 1;
  for (let index = 0; index < utf8.length; index++) {
    const byte = utf8[index] ?? 0;
    if (widths[byte] === 1) target[at++] = byte;
    else {
      const escape = escapes[byte] ?? noBytes;
      for (let part = 0; part < escape.length; part++) target[at++] = escape[part] ?? 0;
    }
  }
}

/** A string that no other string of an answer contains: keys have no NUL. */
const mark = '\0';
const markInJson = JSON.stringify(mark);

/** JSON in parts; the values that are `JsonText` are bytes. */
export class JsonParts {
  readonly byteLength: number;
  private readonly texts: string[];
  private readonly values: JsonText[] = [];

  constructor(body: object) {
    const json = JSON.stringify(body, (_name, field: unknown) => {
      if (!(field instanceof JsonText)) return field;
      this.values.push(field);
      return mark;
    });
    this.texts = json.split(markInJson);
    this.byteLength = this.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    for (const value of this.values) this.byteLength += value.byteLength;
  }

  encode(): (string | Buffer)[] {
    const parts: (string | Buffer)[] = [];
    for (const [index, text] of this.texts.entries()) {
      parts.push(text);
      const value = this.values[index];
      if (value) parts.push(value.encode());
    }
    return parts;
  }
}

/** For values from this size on, `JsonText` is worth its cost. */
const largeValueBytes = 4096;

/** A value in a body that is to be JSON: as text when it is small. */
export function jsonValue(value: Uint8Array): string | JsonText {
  return value.length < largeValueBytes ? textOf(value) : new JsonText(value);
}

/** The JSON of a body that contains these values. */
export function jsonOf(body: object, values: readonly (string | JsonText)[]): string | JsonParts {
  return values.some((value) => value instanceof JsonText) ? new JsonParts(body) : JSON.stringify(body);
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
}
