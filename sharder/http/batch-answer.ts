/**
 * The answer to a batch. Each result is written as JSON as soon as it is known, so that no more than one value is ever held
 * twice, and the budget counts that JSON: a value of control characters becomes six times as long. A value for which there
 * is no room is left out of its own result, whatever the other results are.
 */
import { present } from '../core/invariant.ts';
import type { KeyState, Operation, Outcome } from '../core/operation.ts';
import { shardName } from '../core/view.ts';
import type { Budgets, RouteRequest } from './context.ts';
import { largeReplyBytes, replyBytesMax } from './hold-reply.ts';
import { errorBody, HttpError, isMissing, outcomeError, tooLarge } from './http-error.ts';
import { jsonOf, type JsonText, jsonValue } from './json-text.ts';
import type { Hold } from './memory-budget.ts';
import { overloaded } from './read-body.ts';
import { leftOut, type Reply } from './reply.ts';

export interface BatchEntry {
  operation: Operation;
  encoding: BufferEncoding;
}

/** One entry of `results`: the status that the same operation alone would have had, and its body. */
interface Result {
  status: number;
  shard?: string;
  version?: number;
  value?: string | JsonText;
  encoding?: string;
  error?: { code: string; message: string; definite: boolean };
}

/** Set aside for each result before any operation starts: each fits in its brief form, so that every write is reported. */
const briefBytes = 256;
/** Short texts are joined up to this. */
const runBytesMax = 64 * 1024;

/** A result's text, or its parts. */
export type EncodedResult = string | readonly (string | Buffer)[];

export class BatchAnswer {
  private readonly routed: RouteRequest;
  private readonly budgets: Pick<Budgets, 'replies'>;
  private readonly bytesMax: number;
  private bytes: number;
  private hold: Hold | null = null;

  /** @throws HttpError 429 when there is no room for the outcomes: nothing was done yet. */
  constructor(routed: RouteRequest, budgets: Pick<Budgets, 'replies'>, count: number) {
    this.routed = routed;
    this.budgets = budgets;
    this.bytesMax = Math.min(replyBytesMax, budgets.replies.largestBytes);
    this.bytes = count * briefBytes;
    if (!this.resize(this.bytes)) throw overloaded('too many large replies are under way');
  }

  /** One result as JSON. */
  encode(entry: BatchEntry, outcome: Outcome): EncodedResult {
    const result = describe(entry, outcome);
    const json = jsonOf(result, result.value === undefined ? [] : [result.value]);
    const more = (typeof json === 'string' ? Buffer.byteLength(json) : json.byteLength) - briefBytes;
    if (more > 0) {
      const isTooLong = this.bytes + more > this.bytesMax;
      if (isTooLong || !this.resize(this.bytes + more)) {
        if (entry.operation.kind !== 'get') return JSON.stringify(inBrief(result));
        return this.refusal(isTooLong ? this.tooLong() : overloaded(leftOut));
      }
      this.bytes += more;
    }
    return typeof json === 'string' ? json : json.encode();
  }

  /** The reply with these results, which are in the order of the operations. */
  reply(results: readonly EncodedResult[]): Reply {
    const parts: (string | Buffer)[] = [];
    let run = '{"results":[';
    const add = (part: string | Buffer) => {
      if (typeof part === 'string') run += part;
      if (typeof part === 'string' && run.length < runBytesMax) return;
      parts.push(run);
      if (typeof part !== 'string') parts.push(part);
      run = '';
    };
    for (const [index, result] of results.entries()) {
      if (index > 0) run += ',';
      if (typeof result === 'string') add(result);
      else for (const part of result) add(part);
    }
    const last = `${run}]}`;
    const headers = ['content-type', 'application/json; charset=utf-8'];
    return { status: 200, headers, body: parts.length === 0 ? last : [...parts, last], hold: this.hold };
  }

  private resize(bytes: number): boolean {
    if (bytes < largeReplyBytes) return true;
    const { routed, budgets } = this;
    if (this.hold !== null) return this.hold.change([[routed.connection, bytes]]);
    this.hold = budgets.replies.take(routed.lifetime, routed.connection, bytes);
    return this.hold !== null;
  }

  private tooLong(): HttpError {
    return tooLarge(`the values read are over ${this.bytesMax} bytes of JSON together`);
  }

  private refusal(error: HttpError): string {
    return JSON.stringify({ status: error.status, ...errorBody(error) });
  }
}

/** A write's result in its brief form. */
function inBrief({ error, ...rest }: Result): Result {
  return error ? { ...rest, error: { ...error, message: leftOut } } : rest;
}

function describe({ operation, encoding }: BatchEntry, outcome: Outcome): Result {
  if (isMissing(operation, outcome)) {
    const missing = new HttpError(404, 'key_not_found', 'there is no such key');
    const shard = outcome.kind === 'ok' ? { shard: shardName(outcome.place.shard) } : {};
    return { status: 404, ...shard, ...errorBody(missing) };
  }
  if (outcome.kind !== 'ok') {
    const error = outcomeError(outcome);
    return { status: error.status, ...errorBody(error) };
  }
  const { result, place } = outcome;
  const shard = shardName(place.shard);
  if (result.kind === 'get')
    return { status: 200, shard, ...describeState(present(result.state, 'the state of a key'), encoding) };
  const isCreated = operation.kind === 'put' && operation.condition.kind === 'absent';
  return { status: isCreated ? 201 : 204, shard, version: result.version };
}

function describeState({ value, version }: KeyState, encoding: BufferEncoding) {
  if (encoding === 'utf8') return { version, value: jsonValue(value), encoding };
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  return { version, value: jsonValue(Buffer.from(bytes.toString(encoding), 'latin1')), encoding };
}
