/**
 * `/v1/kv/<key>`: raw bytes in and out. The ETag is the key's version; If-Match and If-None-Match make a request
 * conditional (304 or 412 when the condition does not hold).
 *
 * RFC 9110, section 9.3.4, demands 201 of a PUT that has made the key. Vase answers with 201 where the condition proves
 * that, If-None-Match: *; it answers every other PUT with 204. etcd does not say whether a put has made its key: each
 * put would need a read beside it in its transaction, which counts like an operation and would halve what a transaction
 * carries.
 */
import type { Operation, Outcome } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import { writeCondition } from './conditions.ts';
import type { Handler } from './context.ts';
import { HttpError, isMissing, outcomeError } from './http-error.ts';
import { handOver } from './hand-over.ts';
import { keyFromPath } from './key.ts';
import { readBody, readNoBody } from './read-body.ts';
import type { Reply } from './reply.ts';

type OkOutcome = Extract<Outcome, { kind: 'ok' }>;

// Plain promises where an `await` would do: an operation that waits for etcd outlives a collection of garbage, which
// copies it, so each frame less counts.
export const getKey: Handler = ({ store, limits }, { connection, rest }) =>
  store
    .execute({ kind: 'get', key: keyFromPath(rest, limits.keyBytesMax) }, connection.executeOptions)
    .then(found);

function found(outcome: Outcome): Reply {
  if (outcome.kind !== 'ok') throw outcomeError(outcome);
  if (outcome.result.kind !== 'get') throw new Error('not a get');
  const { state } = outcome.result;
  if (state === null) throw keyNotFound(outcome);
  const headers = placed(outcome, `"${state.version}"`);
  headers.push('content-type', 'application/octet-stream');
  return { status: 200, headers, body: state.value };
}

export const putKey: Handler = async (context, routed) => {
  const { store, limits, budgets } = context;
  const key = keyFromPath(routed.rest, limits.keyBytesMax);
  const condition = writeCondition(routed.conditions);
  const { bytes: value, hold } = await readBody(routed, limits.valueBytesMax, budgets);
  const operation: Operation = { kind: 'put', key, value, condition, wantPrevious: false };
  handOver(routed, context, hold, [operation]);
  const reply = written(await store.execute(operation, routed.connection.executeOptions));
  return condition.kind === 'absent' ? { ...reply, status: 201, body: '' } : reply;
};

export const deleteKey: Handler = async ({ store, limits, budgets }, routed) => {
  const key = keyFromPath(routed.rest, limits.keyBytesMax);
  const condition = writeCondition(routed.conditions);
  await readNoBody(routed, budgets);
  const operation: Operation = { kind: 'delete', key, condition, wantPrevious: false };
  const outcome = await store.execute(operation, routed.connection.executeOptions);
  if (isMissing(operation, outcome)) throw keyNotFound(outcome);
  return written(outcome);
};

function written(outcome: Outcome): Reply {
  if (outcome.kind !== 'ok') throw outcomeError(outcome);
  return { status: 204, headers: placed(outcome, `"${outcome.result.version}"`), body: null };
}

function placed({ place }: OkOutcome, etag: string): string[] {
  return ['etag', etag, 'vase-shard', shardName(place.shard)];
}

function keyNotFound(outcome: Outcome): HttpError {
  const shard = outcome.kind === 'ok' ? ['vase-shard', shardName(outcome.place.shard)] : [];
  return new HttpError(404, 'key_not_found', 'there is no such key', shard);
}
