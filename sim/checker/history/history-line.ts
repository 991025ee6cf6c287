/**
 * One line of a history file, parsed and checked on its own. The format: one JSON object a line,
 *
 *     {"process":3,"type":"invoke","f":"cas","key":"x","value":["old","new"],"time":1200}
 *     {"process":3,"type":"ok","f":"cas","key":"x","value":["old","new"],"time":3400,"version":17}
 *     {"type":"fault","name":"kill etcd-1-2","time":2000,"until":9000}
 *
 * `type` is invoke, ok, fail, info or fault; `f` is get, put, cas, append or delete; times are nanoseconds, as whole numbers of
 * any size. Lines are UTF-8 and end with LF. A number that cannot be kept exactly is refused, not rounded. Other members are
 * ignored.
 *
 * `version` of a get or delete that found nothing is a bound: every write of the key up to it came before, every later one
 * after. Such bounds never fall, so a store that restarts its revisions breaks them.
 */
import { InexactNumberError, parseExactly } from './exact-json.ts';
import type { Scalar } from './operation.ts';

export type Verb = 'get' | 'put' | 'cas' | 'append' | 'delete';

export interface EventLine {
  kind: 'invoke' | 'ok' | 'fail' | 'info';
  process: number;
  f: Verb;
  /** null when the line has none. */
  key: string | null;
  /** undefined when the line has none; a pair for a cas. */
  value: Scalar | readonly [Scalar, Scalar] | undefined;
  timeNs: Time;
  version: number | undefined;
  removed: boolean | undefined;
  reason: string | undefined;
}

/** A span in which something was broken on purpose; drawn, not judged. */
export interface Fault {
  name: string;
  fromNs: number;
  /** null: to the end of the history. */
  untilNs: number | null;
}

/** As the line has it; whole numbers past 2^53 are bigints. */
export type Time = number | bigint;

export interface FaultLine {
  kind: 'fault';
  name: string;
  fromNs: Time;
  untilNs: Time | null;
}

/** What is wrong with a line: one sentence without a full stop, to stand after the line's number. */
export class LineError extends Error {}

export function parseLine(text: string): EventLine | FaultLine {
  const line = parseObject(text);
  const kind = line['type'];
  switch (kind) {
    case 'fault':
      return parseFault(line);
    case 'invoke':
    case 'ok':
    case 'fail':
    case 'info':
      return parseEvent(line, kind);
    case undefined:
      throw new LineError('it has no "type": invoke, ok, fail, info or fault');
    default:
      throw new LineError(`its "type" is ${show(kind)}, not invoke, ok, fail, info or fault`);
  }
}

type Members = Record<string, unknown>;

const timeMembers: ReadonlySet<string> = new Set(['time', 'until']);

function parseObject(text: string): Members {
  let parsed: unknown;
  try {
    parsed = parseExactly(text, timeMembers);
  } catch (error) {
    if (error instanceof InexactNumberError) throw new LineError(describeInexact(error));
    if (text.startsWith('\ufeff'))
      throw new LineError('it begins with a byte-order mark: save the file as UTF-8 without one');
    if (text.trimEnd().includes('\r')) throw new LineError('lines end with CR in it: end them with LF');
    throw new LineError('it is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new LineError('it is not a JSON object');
  }
  return parsed as Members;
}

function describeInexact({ member, source }: InexactNumberError): string {
  const place = /^[0-9]+$/.test(member) ? `number ${Number(member) + 1} of its "value"` : `its "${member}"`;
  const shown = source.length > 40 ? `${source.slice(0, 39)}…` : source;
  return `${place} is ${shown}, which cannot be kept exactly: write it as a string, "${shown}"`;
}

function parseFault(line: Members): FaultLine {
  const name = line['name'];
  if (typeof name !== 'string' || name === '') throw new LineError('the fault has no "name"');
  const fromNs = parseTime(line, 'time');
  const untilNs = line['until'] === undefined || line['until'] === null ? null : parseTime(line, 'until');
  if (untilNs !== null && untilNs < fromNs)
    throw new LineError('the fault ends ("until") before it begins ("time")');
  return { kind: 'fault', name, fromNs, untilNs };
}

function parseEvent(line: Members, kind: EventLine['kind']): EventLine {
  const { process, f, key, removed, reason } = line;
  if (typeof process !== 'number' || !Number.isSafeInteger(process) || process < 0) {
    throw new LineError(`its "process" is ${show(process)}, not a whole number, 0 or more`);
  }
  if (f !== 'get' && f !== 'put' && f !== 'cas' && f !== 'append' && f !== 'delete') {
    throw new LineError(`its "f" is ${show(f)}, not get, put, cas, append or delete`);
  }
  if (key !== undefined && key !== null && typeof key !== 'string') {
    throw new LineError(`its "key" is ${show(key)}, not a string`);
  }
  if (removed !== undefined && (typeof removed !== 'boolean' || f !== 'delete')) {
    throw new LineError('"removed" is true or false, of a delete only');
  }
  return {
    kind,
    process,
    f,
    key: key ?? null,
    value: parseValue(line, f),
    timeNs: parseTime(line, 'time'),
    version: parseVersion(line),
    removed,
    reason: typeof reason === 'string' ? reason : undefined,
  };
}

function parseValue(line: Members, f: Verb): EventLine['value'] {
  const { value } = line;
  if (value === undefined) return undefined;
  if (f === 'cas' && value !== null) {
    if (Array.isArray(value) && value.length === 2) {
      const [expected, replacement]: unknown[] = value;
      if (isScalar(expected) && isScalar(replacement)) return [expected, replacement];
    }
    throw new LineError(`the "value" of a cas is ${show(value)}, not [expected, new] of two JSON scalars`);
  }
  if (isScalar(value)) return value;
  throw new LineError(`its "value" is ${show(value)}, not a JSON scalar`);
}

function isScalar(value: unknown): value is Scalar {
  return (
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  );
}

function parseTime(line: Members, name: string): Time {
  const time = line[name];
  if (typeof time === 'bigint') return time;
  if (typeof time === 'number' && Number.isFinite(time)) return time;
  throw new LineError(`its "${name}" is ${show(time)}, not a number of nanoseconds`);
}

function parseVersion({ version }: Members): number | undefined {
  if (version === undefined || version === null) return undefined;
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 0) return version;
  throw new LineError(`its "version" is ${show(version)}, not a whole number, 0 or more`);
}

/** A value as it stood in the line, shortened. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
