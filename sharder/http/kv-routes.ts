/**
 * `/v1/kv/<key>`: raw bytes in and out. The ETag is the key's version; If-Match and If-None-Match: * make a write
 * conditional (412 when the condition does not hold).
 */
import type { IncomingMessage } from 'node:http';
import { always, type Condition, type Operation, type Outcome } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import type { Handler } from './context.ts';
import { badRequest, HttpError, outcomeError } from './http-error.ts';
import { keyFromPath } from './key.ts';
import { readBody, readNoBody } from './read-body.ts';
import type { Reply } from './reply.ts';

type OkOutcome = Extract<Outcome, { kind: 'ok' }>;

// Plain promises where an `await` would do: what waits for etcd outlives a collection of garbage and is copied by it, so
// each frame less counts.
export const getKey: Handler = ({ store, limits }, { request, rest }) =>
  store
    .execute({ kind: 'get', key: keyFromPath(rest, limits.keyBytesMax) })
    .then((outcome) => found(outcome, request));

function found(outcome: Outcome, request: IncomingMessage): Reply {
  if (outcome.kind !== 'ok') throw outcomeError(outcome);
  if (outcome.result.kind !== 'get') throw new Error('not a get');
  const { state } = outcome.result;
  if (state === null) throw keyNotFound(outcome);
  const etag = `"${state.version}"`;
  const headers = placed(outcome, etag);
  if (headerOf(request, 'if-none-match') === etag) return { status: 304, headers, body: null };
  headers.push('content-type', 'application/octet-stream');
  return { status: 200, headers, body: state.value };
}

export const putKey: Handler = async (context, { request, rest }) => {
  const { store, limits, budget } = context;
  const key = keyFromPath(rest, limits.keyBytesMax);
  const condition = conditionOf(request);
  const value = await readBody(request, limits.valueBytesMax, budget);
  try {
    return written(await store.execute({ kind: 'put', key, value, condition, wantPrevious: false }));
  } finally {
    budget.give(value.length);
  }
};

export const deleteKey: Handler = async ({ store, limits, budget }, { request, rest }) => {
  await readNoBody(request, budget);
  const key = keyFromPath(rest, limits.keyBytesMax);
  const operation: Operation = { kind: 'delete', key, condition: conditionOf(request), wantPrevious: false };
  const outcome = await store.execute(operation);
  if (outcome.kind === 'ok' && outcome.result.kind === 'delete' && !outcome.result.deleted)
    throw keyNotFound(outcome);
  return written(outcome);
};

function written(outcome: Outcome): Reply {
  if (outcome.kind !== 'ok') throw outcomeError(outcome);
  return { status: 204, headers: placed(outcome, `"${outcome.result.version}"`), body: null };
}

function placed({ place }: OkOutcome, etag: string): string[] {
  return ['etag', etag, 'vase-shard', shardName(place.shard)];
}

function keyNotFound({ place }: OkOutcome): HttpError {
  return new HttpError(404, 'key_not_found', 'there is no such key', ['vase-shard', shardName(place.shard)]);
}

/** @throws HttpError 400 for a condition that Vase does not know. */
function conditionOf(request: IncomingMessage): Condition {
  const match = headerOf(request, 'if-match');
  const noneMatch = headerOf(request, 'if-none-match');
  if (match === undefined && noneMatch === undefined) return always;
  if (match !== undefined && noneMatch !== undefined)
    throw badRequest('If-Match and If-None-Match exclude each other');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw badRequest('If-None-Match of a write must be *');
    return { kind: 'absent' };
  }
  if (match === '*') return { kind: 'exists' };
  const version = /^"([0-9]{1,15})"$/.exec(match!)?.[1];
  if (version === undefined) throw badRequest('If-Match must be * or one version such as "7"');
  return { kind: 'version', version: Number(version) };
}

/** A header without building the object of all of them, which Node does only when somebody asks for it. */
function headerOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index]!;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[index + 1];
  }
  return undefined;
}
