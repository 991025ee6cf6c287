/**
 * Rules of HTTP as requests and their required answers, read from the tables in http-rules/: each line is a rule, its columns
 * are separated by ` | `, headers by ` & `.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Rule {
  /** The rule's source, for example "RFC 9110, 13.1.1", and the project that the test was taken from, if any. */
  by: string;
  what: string;
  /** `store` is a sharder's public port. */
  at: 'store' | 'admin' | 'view';
  /** KEY stands for a key of the rule's own whose value is "old" and whose version is NOW. */
  line: string;
  /** Host included; JSON stands for the content type. */
  headers: string[];
  /** Null for none. It is sent with its length, unless a header says how it ends. */
  body: string | null;
  /** The request is for a missing key: the table says MISSING for KEY. */
  isMissing: boolean;
  status: number;
  /** By lower-case name: the required value, or null when the header must be absent. */
  answer: ReadonlyMap<string, string | RegExp | null>;
  /** The value afterwards, null for none. */
  leaves: string | null;
}

export function readRules(name: 'conditions' | 'messages' | 'origins' | 'bytes'): Rule[] {
  const text = readFileSync(join(import.meta.dirname, 'http-rules', `${name}.txt`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readRule);
}

function readRule(text: string): Rule {
  const cells = text.split('|').map((cell) => unescape(cell.trim()));
  const [by, what, request, headers, body, status, answer, leaves = ''] = cells;
  const [, at = 'store', rest] = /^(?:(admin|view) )?(.*)$/s.exec(request!)!;
  const isMissing = text.includes('MISSING');
  const before = isMissing ? null : 'old';
  return {
    by: by!,
    what: what!,
    at: at as Rule['at'],
    line: asKey(/ HTTP\S*$/.test(rest!) ? rest! : `${rest!} HTTP/1.1`),
    headers: headersOf(headers!),
    body: body === '' ? null : asKey(body!),
    isMissing,
    status: Number(status),
    answer: new Map(parts(answer!).map(readWanted)),
    leaves: leaves === '' ? before : leaves === 'none' ? null : leaves,
  };
}

const parts = (cell: string) => (cell === '' ? [] : cell.split(' & '));
const asKey = (text: string) => text.replaceAll('MISSING', 'KEY');

function headersOf(cell: string): string[] {
  const headers = parts(cell).map((header) =>
    header === 'JSON' ? 'Content-Type: application/json' : header,
  );
  if (headers.includes('no Host')) return headers.filter((header) => header !== 'no Host');
  return headers.some((header) => /^host:/i.test(header)) ? headers : ['Host: 127.0.0.1', ...headers];
}

function readWanted(text: string): [string, string | RegExp | null] {
  const colon = text.indexOf(': ');
  const wanted = text.slice(colon + 2);
  const pattern = /^\/(.*)\/$/.exec(wanted)?.[1];
  return [text.slice(0, colon), wanted === '-' ? null : pattern === undefined ? wanted : new RegExp(pattern)];
}

/** "\r", "\n", "\t" and "\x01" stand for what a table cannot hold, "x{129}" for long text. */
function unescape(cell: string): string {
  const bytes: Record<string, string> = { r: '\r', n: '\n', t: '\t' };
  return cell
    .replace(/\\(?:x([0-9a-f]{2})|([rnt]))/g, (_, code: string | undefined, name: string) =>
      code === undefined ? bytes[name]! : String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replace(/x\{([0-9]+)\}/g, (_, count: string) => 'x'.repeat(Number(count)));
}
