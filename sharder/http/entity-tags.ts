/** Lists of entity tags, as If-Match and If-None-Match hold them (RFC 9110, sections 5.6.1 and 8.8.3). */
import { badRequest } from './http-error.ts';

export interface EntityTag {
  isWeak: boolean;
  /** Without its quotes. */
  text: string;
}

/** `*` stands for every tag. */
export type TagList = '*' | readonly EntityTag[];

const tag = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y;
const separator = /[ \t]*(?:,[ \t]*)*/y;

/**
 * @param value of all the header's lines, joined by commas. @throws HttpError 400, which names the header.
 */
export function parseTagList(name: string, value: string): TagList {
  if (value === '*') return '*';
  const tags: EntityTag[] = [];
  for (let at = afterSeparator(value, 0); at < value.length;) {
    tag.lastIndex = at;
    const found = tag.exec(value);
    if (found === null) throw malformed(name);
    const [, weak, text = ''] = found;
    tags.push({ isWeak: weak !== undefined, text });
    at = afterSeparator(value, tag.lastIndex);
    // Two tags need a comma between them.
    if (at < value.length && !value.slice(tag.lastIndex, at).includes(',')) throw malformed(name);
  }
  return tags;
}

/** The index behind the separator at `at`, which may be empty. */
function afterSeparator(value: string, at: number): number {
  separator.lastIndex = at;
  separator.test(value);
  return separator.lastIndex;
}

function malformed(name: string) {
  return badRequest(`${name} must be * or a list of entity tags such as "7", "8"`);
}

/** Strong comparison: a weak tag matches nothing (RFC 9110, section 8.8.3.2). */
export function matchesStrongly(list: readonly EntityTag[], current: EntityTag): boolean {
  return !current.isWeak && list.some(({ isWeak, text }) => !isWeak && text === current.text);
}

export function matchesWeakly(list: readonly EntityTag[], current: EntityTag): boolean {
  return list.some(({ text }) => text === current.text);
}
