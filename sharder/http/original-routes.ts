/**
 * The routes of the original Vase, unchanged for its clients: etcd v2's JSON under `data`, a missing key with status 200
 * and errorCode 100. A key is its path without leading slashes and is answered with one. A read's ETag is the key's version,
 * weak because its JSON tells also where the key was; a write's conditions are about the key's version, as at /v1/kv.
 */
import type { KeyState, Operation, OperationResult } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import { writeCondition } from './conditions.ts';
import type { Handler, RouteContext } from './context.ts';
import { badRequest, HttpError, outcomeError, tooLarge } from './http-error.ts';
import { checkKey, keyFromPath } from './key.ts';
import { parseJsonObject, refuseUnknown } from './parse-json.ts';
import { readBody, readNoBody } from './read-body.ts';
import { demandJson } from './request-check.ts';
import { jsonReply, leftOut, type Reply } from './reply.ts';

/** A JSON string of n bytes can take 6 n to write; the rest is for the path and the braces. */
const jsonBytesMax = (valueBytesMax: number) => 6 * valueBytesMax + 16 * 1024;

export const setPath: Handler = async (context, { request, conditions }) => {
  const { limits, budget } = context;
  demandJson(request);
  const condition = writeCondition(conditions);
  const body = await readBody(request, jsonBytesMax(limits.valueBytesMax), budget);
  try {
    const { path, value, ...unknown } = parseJsonObject(body);
    refuseUnknown(unknown, 'the body');
    if (typeof path !== 'string') throw badRequest('"path" must be a string');
    if (typeof value !== 'string') throw badRequest('"value" must be a string');
    if (!value.isWellFormed()) throw badRequest('"value" is not well-formed Unicode');
    const bytes = Buffer.from(value);
    if (bytes.length > limits.valueBytesMax)
      throw tooLarge(`"value" is longer than ${limits.valueBytesMax} bytes`);
    const key = checkKey(withoutSlash(path), limits.keyBytesMax);
    return await answer(context, { kind: 'put', key, value: bytes, condition, wantPrevious: true });
  } finally {
    budget.give(body.length);
  }
};

export const getPath: Handler = (context, { rest }) =>
  answer(context, { kind: 'get', key: pathKey(rest, context.limits.keyBytesMax) });

export const deletePath: Handler = async (context, { request, rest, conditions }) => {
  const key = pathKey(rest, context.limits.keyBytesMax);
  const condition = writeCondition(conditions);
  await readNoBody(request, context.budget);
  return answer(context, { kind: 'delete', key, condition, wantPrevious: true });
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

async function answer({ store }: RouteContext, operation: Operation): Promise<Reply> {
  const outcome = await store.execute(operation);
  if (outcome.kind !== 'ok') throw outcomeError(outcome);
  const data = describe(`/${operation.key}`, outcome.result, operation);
  const { shard: id, slot, epoch } = outcome.place;
  const place = { server: shardName(id), shard: { id, slot, epoch } };
  const { result } = outcome;
  const etag = result.kind === 'get' && result.state ? ['etag', `W/"${result.state.version}"`] : [];
  const reply = jsonReply(200, { data, ...place }, etag);
  if (operation.kind !== 'get')
    reply.brief = () => jsonReply(200, { data: withoutValues(data), ...place, values: leftOut });
  return reply;
}

function withoutValues(data: object): unknown {
  return JSON.parse(JSON.stringify(data, (name, field: unknown) => (name === 'value' ? undefined : field)));
}

function describe(key: string, result: OperationResult, operation: Operation): object {
  switch (result.kind) {
    case 'get':
      return result.state
        ? { action: 'get', node: toNode(key, result.state) }
        : notFound(key, result.version);
    case 'put': {
      const { version, previous } = result;
      const value = operation.kind === 'put' ? toText(operation.value) : '';
      const node = { key, value, modifiedIndex: version, createdIndex: previous?.createdVersion ?? version };
      return previous ? { action: 'set', node, prevNode: toNode(key, previous) } : { action: 'set', node };
    }
    case 'delete': {
      const { deleted, version, previous } = result;
      if (!deleted || !previous) return notFound(key, version);
      const node = { key, modifiedIndex: version, createdIndex: previous.createdVersion };
      return { action: 'delete', node, prevNode: toNode(key, previous) };
    }
  }
}

function toNode(key: string, state: KeyState): object {
  const { value, version, createdVersion } = state;
  return { key, value: toText(value), modifiedIndex: version, createdIndex: createdVersion };
}

function toText(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString();
}

function notFound(key: string, index: number): object {
  return { errorCode: 100, message: 'Key not found', cause: key, index };
}
