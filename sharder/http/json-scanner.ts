/**
 * Looks at a JSON text as it arrives and counts what parsing it would build, so that millions of small objects are refused
 * before they are parsed: eight megabytes of them stop the event loop for most of a second. It says nothing about whether
 * the text is JSON.
 */
import { badRequest, tooLarge } from './http-error.ts';

export interface JsonBounds {
  /** Objects, the outermost one too. */
  objects: number;
  /** Fields of objects and elements of lists, of all of them together. */
  members: number;
  depth: number;
}

const quote = 0x22;
const backslash = 0x5c;

export class JsonScanner {
  private readonly bounds: JsonBounds;
  private inString = false;
  /** The next byte belongs to an escape that the last chunk began. */
  private escaped = false;
  private objects = 0;
  private members = 0;
  private depth = 0;

  constructor(bounds: JsonBounds) {
    this.bounds = bounds;
  }

  /** @throws HttpError 413 as soon as there is too much, 400 when it is nested too deeply. */
  scan(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length)
      at = this.inString ? this.skipString(chunk, at) : this.scanUntilString(chunk, at);
  }

  /** Where the string ends, or the chunk. */
  private skipString(chunk: Uint8Array, from: number): number {
    if (this.escaped) {
      this.escaped = false;
      return from + 1;
    }
    const found = chunk.indexOf(quote, from);
    const end = found < 0 ? chunk.length : found;
    let backslashes = 0;
    while (end - backslashes > from && chunk[end - backslashes - 1] === backslash) backslashes++;
    const isEscaped = backslashes % 2 === 1;
    if (found < 0) this.escaped = isEscaped;
    else this.inString = isEscaped;
    return end + 1;
  }

  /** Where the next string begins, or the end of the chunk. */
  private scanUntilString(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      switch (chunk[at]) {
        case quote:
          this.inString = true;
          return at + 1;
        case 0x7b: // {
          this.objects++;
          this.open();
          break;
        case 0x5b: // [
          this.open();
          break;
        case 0x7d: // }
        case 0x5d: // ]
          this.depth--;
          break;
        case 0x2c: // ,
          this.members++;
          this.check();
          break;
        default:
      }
    }
    return chunk.length;
  }

  private open(): void {
    this.depth++;
    // The first member has no comma before it.
    this.members++;
    this.check();
  }

  private check(): void {
    const { objects, members, depth } = this.bounds;
    if (this.objects > objects) throw tooLarge(`the body has more than ${objects} objects`);
    if (this.members > members) throw tooLarge(`the body has more than ${members} fields and elements`);
    if (this.depth > depth) throw badRequest(`the body is nested more than ${depth} deep`);
  }
}
