/**
 * The routes of the original Vase, unchanged for its clients: etcd v2's JSON under `data`, a missing key with status 200 and
 * errorCode 100. A key is its path without leading slashes and is answered with one. A read's ETag is the key's version,
 * weak because its JSON also says where the key was; a write's conditions are about the key's version, as at /v1/kv.
 */
import type { Condition, KeyState, Operation, OperationResult } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import { writeCondition } from './conditions.ts';
import type { Handler, RouteContext, RouteRequest } from './context.ts';
import { badRequest, HttpError, outcomeError, tooLarge } from './http-error.ts';
import { handOver } from './hand-over.ts';
import { jsonOf, type JsonText, jsonValue } from './json-text.ts';
import { checkKey, keyFromPath } from './key.ts';
import { refuseUnknown } from './parse-json.ts';
import { readNoBody } from './read-body.ts';
import { readJson } from './read-json.ts';
import { demandJson } from './request-check.ts';
import { jsonReply, leftOut, type Reply } from './reply.ts';

/** A JSON string of n bytes can take 6 n to write; the rest is for the path and the braces. */
const jsonBytesMax = (valueBytesMax: number) => 6 * valueBytesMax + 16 * 1024;

/** A path and a value, and little besides. */
const jsonBounds = { objects: 16, members: 64, depth: 8 };

export const setPath: Handler = async (context, routed) => {
  const { limits, budgets } = context;
  demandJson(routed.request);
  const condition = writeCondition(routed.conditions);
  const { fields, hold } = await readJson(routed, jsonBytesMax(limits.valueBytesMax), budgets, jsonBounds);
  const operation = parseSet(fields, context, condition);
  handOver(routed, context, hold, [operation]);
  return answer(context, routed, operation);
};

function parseSet(
  fields: Record<string, unknown>,
  { limits }: RouteContext,
  condition: Condition,
): Operation {
  const { path, value, ...unknown } = fields;
  refuseUnknown(unknown, 'the body');
  if (typeof path !== 'string') throw badRequest('"path" must be a string');
  if (typeof value !== 'string') throw badRequest('"value" must be a string');
  if (!value.isWellFormed()) throw badRequest('"value" is not well-formed Unicode');
  const bytes = Buffer.from(value);
  if (bytes.length > limits.valueBytesMax)
    throw tooLarge(`"value" is longer than ${limits.valueBytesMax} bytes`);
  const key = checkKey(withoutSlash(path), limits.keyBytesMax);
  return { kind: 'put', key, value: bytes, condition, wantPrevious: true };
}

export const getPath: Handler = (context, routed) =>
  answer(context, routed, { kind: 'get', key: pathKey(routed.rest, context.limits.keyBytesMax) });

export const deletePath: Handler = async (context, routed) => {
  const key = pathKey(routed.rest, context.limits.keyBytesMax);
  const condition = writeCondition(routed.conditions);
  await readNoBody(routed, context.budgets);
  return answer(context, routed, { kind: 'delete', key, condition, wantPrevious: true });
};

export const listShards: Handler = ({ store }) => {
  const view = store.currentView;
  if (view === null)
    throw new HttpError(503, 'unavailable', 'the view is not known yet', ['retry-after', '1']);
  const slotsOf = new Map<number, number>();
  for (const id of view.slots) slotsOf.set(id, (slotsOf.get(id) ?? 0) + 1);
  const shards = view.shards.map(({ id, endpoints }) => ({
    id,
    name: shardName(id),
    endpoints,
    slots: slotsOf.get(id) ?? 0,
  }));
  return jsonReply(200, { servers: shards.map(({ name }) => name), epoch: view.epoch, shards });
};

function pathKey(rest: string, bytesMax: number): string {
  return checkKey(withoutSlash(keyFromPath(rest, bytesMax)), bytesMax);
}

function withoutSlash(path: string): string {
  return path.startsWith('/') ? path.replace(/^\/+/, '') : path;
}

async function answer(
  { store }: RouteContext,
  { connection }: RouteRequest,
  operation: Operation,
): Promise<Reply> {
  const outcome = await store.execute(operation, connection.executeOptions);
  if (outcome.kind !== 'ok') throw outcomeError(outcome);
  const { result } = outcome;
  const { shard: id, slot, epoch } = outcome.place;
  const place = { server: shardName(id), shard: { id, slot, epoch } };
  const values: (string | JsonText)[] = [];
  const withValue: ToText = (value) => {
    const text = jsonValue(value);
    values.push(text);
    return text;
  };
  const data = describe(operation, result, withValue);
  const etag = result.kind === 'get' && result.state ? ['etag', `W/"${result.state.version}"`] : [];
  const reply = { ...jsonReply(200, {}, etag), body: jsonOf({ data, ...place }, values) };
  if (operation.kind === 'get') return reply;
  const brief = () =>
    jsonReply(200, { data: describe(operation, result, () => undefined), ...place, values: leftOut });
  return { ...reply, brief };
}

/** JSON leaves out what is undefined. */
type ToText = (value: Uint8Array) => string | JsonText | undefined;

function describe(operation: Operation, result: OperationResult, text: ToText): object {
  const key = `/${operation.key}`;
  switch (result.kind) {
    case 'get':
      return result.state
        ? { action: 'get', node: toNode(key, result.state, text) }
        : notFound(key, result.version);
    case 'put': {
      const { version, previous } = result;
      const value = operation.kind === 'put' ? text(operation.value) : '';
      const node = { key, value, modifiedIndex: version, createdIndex: previous?.createdVersion ?? version };
      return previous
        ? { action: 'set', node, prevNode: toNode(key, previous, text) }
        : { action: 'set', node };
    }
    case 'delete': {
      const { deleted, version, previous } = result;
      if (!deleted || !previous) return notFound(key, version);
      const node = { key, modifiedIndex: version, createdIndex: previous.createdVersion };
      return { action: 'delete', node, prevNode: toNode(key, previous, text) };
    }
  }
}

function toNode(key: string, state: KeyState, text: ToText): object {
  const { value, version, createdVersion } = state;
  return { key, value: text(value), modifiedIndex: version, createdIndex: createdVersion };
}

function notFound(key: string, index: number): object {
  return { errorCode: 100, message: 'Key not found', cause: key, index };
}
