/**
 * `POST /v1/batch`: many operations in one request, each with its own outcome. Operations on one key are carried out in
 * the order of the list; those on different keys at the same time, in no order.
 */
import { executeInOrder } from '../core/execute-in-order.ts';
import { present } from '../core/invariant.ts';
import { always, type Condition } from '../core/operation.ts';
import { BatchAnswer, type BatchEntry, type EncodedResult } from './batch-answer.ts';
import { demandUnversioned } from './conditions.ts';
import type { Handler, RouteContext } from './context.ts';
import { handOver } from './hand-over.ts';
import { badRequest, tooLarge } from './http-error.ts';
import { checkKey } from './key.ts';
import { refuseUnknown } from './parse-json.ts';
import { readJson } from './read-json.ts';
import { demandJson } from './request-check.ts';

const operationsMax = 1000;
const bodyBytesMax = 8 * 1024 * 1024;
/** The list, and in it what operations with all their fields have. */
const jsonBounds = { objects: operationsMax + 1, members: 2 + 8 * operationsMax, depth: 8 };

export const batch: Handler = async (context, routed) => {
  const { store, budgets } = context;
  demandJson(routed.request);
  const { fields, hold } = await readJson(routed, bodyBytesMax, budgets, jsonBounds);
  const entries = parseBatch(fields, context);
  demandUnversioned(routed.conditions, false);
  const operations = entries.map(({ operation }) => operation);
  handOver(routed, context, hold, operations);
  const answer = new BatchAnswer(routed, budgets, entries.length);
  const options = { client: routed.connection, deadlineAtMs: store.deadlineAtMs() };
  const onOutcome: Parameters<typeof executeInOrder<EncodedResult>>[2] = (outcome, index) =>
    answer.encode(present(entries[index], 'an entry of the batch'), outcome);
  return answer.reply(await executeInOrder(store, operations, onOutcome, options));
};

function parseBatch(fields: Record<string, unknown>, context: RouteContext): BatchEntry[] {
  const { operations, ...unknown } = fields;
  refuseUnknown(unknown, 'the body');
  if (!Array.isArray(operations)) throw badRequest('"operations" must be a list');
  if (operations.length > operationsMax)
    throw tooLarge(`"operations" has more than ${operationsMax} entries`);
  return operations.map((raw: unknown, index) => parseOperation(raw, `operations[${index}]`, context));
}

function parseOperation(raw: unknown, where: string, { limits }: RouteContext): BatchEntry {
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
