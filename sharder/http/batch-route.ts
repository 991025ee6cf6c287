/**
 * `POST /v1/batch`: many operations in one request, each with its own outcome. Operations on one key are carried out in
 * the order of the list; those on different keys at the same time, in no order.
 */
import { executeInOrder } from '../core/execute-in-order.ts';
import { always, type Condition, type KeyState, type Operation, type Outcome } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import { demandUnversioned } from './conditions.ts';
import type { Handler, RouteContext } from './context.ts';
import { badRequest, errorBody, HttpError, isMissing, outcomeError, tooLarge } from './http-error.ts';
import { checkKey } from './key.ts';
import { parseJsonObject, refuseUnknown } from './parse-json.ts';
import { readBody } from './read-body.ts';
import { demandJson } from './request-check.ts';
import { jsonReply, leftOut } from './reply.ts';

const operationsMax = 1000;
const bodyBytesMax = 8 * 1024 * 1024;
/** Values past it are left out of the answer: a thousand gets of 1 MiB must not be one response. */
const valueBytesMaxOfAnswer = 16 * 1024 * 1024;

export const batch: Handler = async (context, { request, conditions }) => {
  demandJson(request);
  const body = await readBody(request, bodyBytesMax, context.budget);
  try {
    const { operations, ...unknown } = parseJsonObject(body);
    refuseUnknown(unknown, 'the body');
    if (!Array.isArray(operations)) throw badRequest('"operations" must be a list');
    if (operations.length > operationsMax)
      throw tooLarge(`"operations" has more than ${operationsMax} entries`);
    const parsed = operations.map((raw: unknown, index) =>
      parseOperation(raw, `operations[${index}]`, context),
    );
    demandUnversioned(conditions, false);
    const results = await runAll(context, parsed);
    const reply = jsonReply(200, { results });
    if (parsed.some(({ operation }) => operation.kind !== 'get'))
      reply.brief = () => jsonReply(200, { results: results.map(inBrief) });
    return reply;
  } finally {
    context.budget.give(body.length);
  }
};

async function runAll({ store }: RouteContext, entries: readonly ParsedOperation[]): Promise<Result[]> {
  let valueBytes = 0;
  const operations = entries.map(({ operation }) => operation);
  return executeInOrder(store, operations, (outcome, index) => {
    const entry = entries[index]!;
    if (outcome.kind === 'ok' && outcome.result.kind === 'get')
      valueBytes += outcome.result.state?.value.length ?? 0;
    if (valueBytes <= valueBytesMaxOfAnswer || entry.operation.kind !== 'get')
      return describe(entry, outcome);
    return {
      status: 413,
      ...errorBody(tooLarge(`the values read are over ${valueBytesMaxOfAnswer} bytes together`)),
    };
  });
}

/** One entry of `results`: a status as the same operation alone would have had, and its body. */
interface Result {
  status: number;
  shard?: string;
  version?: number;
  value?: string;
  error?: { code: string; message: string; definite: boolean };
}

/** What became of the operation, in at most some 130 bytes: a read that found a value is refused, it changed nothing. */
function inBrief({ value, error, ...rest }: Result): Result {
  if (value !== undefined) {
    return { status: 429, ...errorBody({ code: 'overloaded', message: leftOut }) };
  }
  return error ? { ...rest, error: { ...error, message: leftOut } } : rest;
}

interface ParsedOperation {
  operation: Operation;
  encoding: BufferEncoding;
}

function parseOperation(raw: unknown, where: string, { limits }: RouteContext): ParsedOperation {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw badRequest(`${where} must be an object`);
  const {
    op,
    key,
    value,
    encoding = 'utf8',
    ifVersion,
    ifAbsent,
    ...unknown
  } = raw as Record<string, unknown>;
  refuseUnknown(unknown, where);
  if (typeof key !== 'string') throw badRequest(`${where}.key must be a string`);
  checkKey(key, limits.keyBytesMax);
  if (encoding !== 'utf8' && encoding !== 'base64')
    throw badRequest(`${where}.encoding must be utf8 or base64`);
  if (op !== 'put' && value !== undefined) throw badRequest(`${where}.value goes with put alone`);
  const condition = parseCondition(ifVersion, ifAbsent, where);
  switch (op) {
    case 'get':
      if (condition !== always) throw badRequest(`${where}: a get takes no condition`);
      return { operation: { kind: 'get', key }, encoding };
    case 'put': {
      const bytes = parseValue(value, encoding, where, limits.valueBytesMax);
      return { operation: { kind: 'put', key, value: bytes, condition, wantPrevious: false }, encoding };
    }
    case 'delete':
      return { operation: { kind: 'delete', key, condition, wantPrevious: false }, encoding };
    default:
      throw badRequest(`${where}.op must be get, put or delete`);
  }
}

function parseCondition(ifVersion: unknown, ifAbsent: unknown, where: string): Condition {
  if (ifAbsent !== undefined && ifAbsent !== true)
    throw badRequest(`${where}.ifAbsent must be true or left out`);
  if (ifAbsent && ifVersion !== undefined)
    throw badRequest(`${where}: ifVersion and ifAbsent exclude each other`);
  if (ifAbsent) return { kind: 'absent' };
  if (ifVersion === undefined) return always;
  if (!Number.isSafeInteger(ifVersion) || (ifVersion as number) < 1) {
    throw badRequest(`${where}.ifVersion must be a version, a whole number from 1`);
  }
  return { kind: 'version', version: ifVersion as number };
}

function parseValue(value: unknown, encoding: BufferEncoding, where: string, bytesMax: number): Buffer {
  if (typeof value !== 'string') throw badRequest(`${where}.value must be a string`);
  if (!value.isWellFormed()) throw badRequest(`${where}.value is not well-formed Unicode`);
  const bytes = Buffer.from(value, encoding);
  if (encoding === 'base64' && bytes.toString('base64') !== value)
    throw badRequest(`${where}.value is not base64`);
  if (bytes.length > bytesMax) throw tooLarge(`${where}.value is longer than ${bytesMax} bytes`);
  return bytes;
}

function describe({ operation, encoding }: ParsedOperation, outcome: Outcome): Result {
  if (isMissing(operation, outcome)) {
    const missing = new HttpError(404, 'key_not_found', `there is no key ${JSON.stringify(operation.key)}`);
    const shard = outcome.kind === 'ok' ? { shard: shardName(outcome.place.shard) } : {};
    return { status: 404, ...shard, ...errorBody(missing) };
  }
  if (outcome.kind !== 'ok') {
    const error = outcomeError(outcome);
    return { status: error.status, ...errorBody(error) };
  }
  const { result, place } = outcome;
  const shard = shardName(place.shard);
  if (result.kind === 'get') return { status: 200, shard, ...describeState(result.state!, encoding) };
  const isCreated = operation.kind === 'put' && operation.condition.kind === 'absent';
  return { status: isCreated ? 201 : 204, shard, version: result.version };
}

function describeState({ value, version }: KeyState, encoding: BufferEncoding) {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return { version, value: bytes.toString(encoding), encoding };
}
