/**
 * Conditional requests (RFC 9110, section 13). A read's conditions are checked when its reply is there; a write's become
 * one condition of its transaction. Dates and ranges are ignored, as the RFC has it: nothing here has a Last-Modified,
 * and no range is served.
 */
import type { IncomingMessage } from 'node:http';
import { always, type Condition, conditionVersionsMax } from '../core/operation.ts';
import { type EntityTag, matchesStrongly, matchesWeakly, parseTagList, type TagList } from './entity-tags.ts';
import { badRequest, HttpError } from './http-error.ts';
import type { Reply } from './reply.ts';

/** If-Match and If-None-Match; null for one that is not there. */
export interface Preconditions {
  match: TagList | null;
  noneMatch: TagList | null;
}

/** Null when the request has none, as most do; OPTIONS and TRACE have none by definition (section 13.2.1). */
export function preconditionsOf({ method, headers }: IncomingMessage): Preconditions | null {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match === undefined && noneMatch === undefined) return null;
  if (method === 'OPTIONS' || method === 'TRACE') return null;
  return {
    match: match === undefined ? null : parseTagList('If-Match', match),
    noneMatch: noneMatch === undefined ? null : parseTagList('If-None-Match', noneMatch),
  };
}

/** Which of the two does not hold for something that exists; If-Match is looked at first (section 13.2.2). */
function broken(
  { match, noneMatch }: Preconditions,
  current: EntityTag | null,
): 'match' | 'noneMatch' | null {
  if (match !== null && match !== '*' && (current === null || !matchesStrongly(match, current)))
    return 'match';
  if (noneMatch === '*') return 'noneMatch';
  if (noneMatch !== null && current !== null && matchesWeakly(noneMatch, current)) return 'noneMatch';
  return null;
}

/**
 * The reply to a read under its conditions: itself, or 304. A reply that is no success is left as it is.
 * @throws HttpError 412
 */
export function underConditions(conditions: Preconditions, reply: Reply): Reply {
  if (reply.status !== 200) return reply;
  const etag = etagOf(reply);
  switch (broken(conditions, etag === null ? null : tagOf(etag))) {
    case null:
      return reply;
    case 'match':
      throw conditionFailed(etag);
    case 'noneMatch':
      return { status: 304, headers: withoutContent(reply.headers), body: null };
  }
}

/**
 * For a request that changes something without a version of its own: a batch, a job. @throws HttpError 412
 * @param exists whether GET of the same target gives something.
 */
export function demandUnversioned(conditions: Preconditions | null, exists: boolean): void {
  if (conditions === null) return;
  const holds = exists ? broken(conditions, null) === null : conditions.match === null;
  if (!holds) throw conditionFailed(null);
}

function conditionFailed(etag: string | null): HttpError {
  const message = 'the condition does not hold';
  return new HttpError(412, 'condition_failed', message, etag === null ? [] : ['etag', etag]);
}

function etagOf({ headers }: Reply): string | null {
  const index = headers.indexOf('etag');
  return index < 0 ? null : (headers[index + 1] ?? null);
}

function tagOf(etag: string): EntityTag | null {
  const [tag] = parseTagList('ETag', etag);
  return typeof tag === 'object' ? tag : null;
}

function withoutContent(headers: readonly string[]): string[] {
  return headers.filter((_, index) => headers[index - (index % 2)] !== 'content-type');
}

/**
 * The condition of a key's write. Both headers together make one condition, which holds or does not at one moment.
 * @throws HttpError 400 for more versions than one transaction can compare.
 */
export function writeCondition(conditions: Preconditions | null): Condition {
  if (conditions === null) return always;
  const { match, noneMatch } = conditions;
  if (match === null || match === '*') {
    const exists = match === '*';
    if (noneMatch === null) return exists ? { kind: 'exists' } : always;
    if (noneMatch === '*') return exists ? { kind: 'one_of', versions: [] } : { kind: 'absent' };
    const versions = bounded(versionsOf(noneMatch));
    if (versions.length === 0) return exists ? { kind: 'exists' } : always;
    return { kind: 'none_of', versions, exists };
  }
  const excluded = noneMatch === '*' ? null : versionsOf(noneMatch ?? []);
  const strong = versionsOf(match.filter(({ isWeak }) => !isWeak));
  const versions = bounded(excluded === null ? [] : strong.filter((version) => !excluded.includes(version)));
  const [version, ...more] = versions;
  if (version === undefined || more.length > 0) return { kind: 'one_of', versions };
  return { kind: 'version', version };
}

/** The versions among the tags, each once; no key has another tag. */
function versionsOf(tags: readonly EntityTag[]): number[] {
  const versions = tags.filter(({ text }) => /^[1-9][0-9]{0,14}$/.test(text)).map(({ text }) => Number(text));
  return [...new Set(versions)];
}

function bounded(versions: number[]): number[] {
  if (versions.length <= conditionVersionsMax) return versions;
  throw badRequest(`a write can depend on ${conditionVersionsMax} versions at most`);
}
