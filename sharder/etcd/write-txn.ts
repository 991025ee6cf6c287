/**
 * Encodes a transaction. Its long part, plain gets and puts, is written by hand: protobufjs first makes an object of each
 * operation's fields, and then a list of steps that write them. protobufjs writes the rest: the fields of a message may come in
 * any order, so that one part can follow the other. A unit test compares the bytes with protobufjs's.
 */
import type { PutRequest, RangeRequest, RequestOp, TxnRequest } from '../core/etcd-messages.ts';
import { messageType } from './schema.ts';
import { fromRequest } from './wire-request.ts';

const requestType = messageType('TxnRequest');

type PlainOp = RangeRequest | PutRequest;

export function writeTxn(request: TxnRequest): Buffer {
  const { success } = request;
  if (!success.every(isPlain)) return requestType.encode(fromRequest(request)).finish() as Buffer;
  const rest = requestType.encode(fromRequest({ ...request, success: [] })).finish();
  let bytesMax = rest.length;
  for (const op of success) bytesMax += bytesMaxOf(op);
  const writer = new Writer(bytesMax);
  writer.append(rest);
  for (const op of success) writer.op(op);
  return writer.written();
}

/** Whether it gets one key, its newest state, all of it; or puts without lease and wants nothing back. */
function isPlain(op: RequestOp): op is PlainOp {
  if (op.kind === 'put') return !op.lease && !op.prevKv;
  if (op.kind !== 'range' || op.rangeEnd || op.limit || op.revision || op.sort) return false;
  if (op.serializable || op.keysOnly || op.countOnly) return false;
  return !(op.minModRevision || op.maxModRevision || op.minCreateRevision || op.maxCreateRevision);
}

/** A UTF-16 unit takes 3 bytes at most; four tags and lengths stand before them. */
function bytesMaxOf(op: PlainOp): number {
  return 3 * op.key.length + (op.kind === 'put' ? op.value.length : 0) + 4 * (1 + 5);
}

/** A tag is the number of a field and its wire type: all fields used here have a length before them. */
const delimited = (field: number) => (field << 3) | 2;

class Writer {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytesMax: number) {
    this.buffer = Buffer.allocUnsafe(bytesMax);
  }

  written(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  append(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Writes an element of `success`, which is field 2 of a transaction. */
  op(op: PlainOp): void {
    const keyBytes = Buffer.byteLength(op.key);
    const value = op.kind === 'put' ? op.value : null;
    const fields = sizeOfField(keyBytes) + (value === null ? 0 : sizeOfField(value.length));
    this.head(2, sizeOfField(fields));
    this.head(value === null ? 1 : 2, fields);
    this.head(1, keyBytes);
    this.text(op.key, keyBytes);
    if (value === null) return;
    this.head(2, value.length);
    this.append(value);
  }

  private head(field: number, length: number): void {
    const { buffer } = this;
    buffer[this.at++] = delimited(field);
    let left = length;
    for (; left >= 0x80; left >>>= 7) buffer[this.at++] = (left & 0x7f) | 0x80;
    buffer[this.at++] = left;
  }

  private text(text: string, bytes: number): void {
    const { buffer, at } = this;
    // As many bytes as units: all are ASCII. A call into V8 costs more than a short loop.
    if (bytes !== text.length || bytes > 48) buffer.write(text, at, 'utf8');
    else for (let index = 0; index < bytes; index++) buffer[at + index] = text.charCodeAt(index);
    this.at += bytes;
  }
}

/** The size of a field with so many bytes of content, its tag and length included. */
function sizeOfField(bytes: number): number {
  let size = bytes + 2;
  for (let left = bytes >>> 7; left > 0; left >>>= 7) size++;
  return size;
}
