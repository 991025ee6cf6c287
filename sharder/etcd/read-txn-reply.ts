/**
 * The reply to a transaction, read by hand: it is the only message that comes with each batch and holds an entry for each
 * operation. protobufjs makes its own objects, with a Long for each number, which are then converted to replies; this reader
 * makes replies directly, in a third of the time. A unit test compares it with protobufjs.
 */
import type {
  DeleteRangeReply,
  KeyValue,
  PutReply,
  RangeReply,
  ReplyHeader,
  ResponseOp,
  TxnReply,
} from '../core/etcd-messages.ts';
import { memberText } from './wire-reply.ts';

const noBytes = new Uint8Array(0);

/** @throws Error when the bytes are no such reply. */
export function readTxnReply(bytes: Buffer): TxnReply {
  return new Reader(bytes).txn(bytes.length, true);
}

/** A tag is the number of a field, and its wire type. */
const varint = 0;
const delimited = 2;
const tag = (field: number, how: number) => (field << 3) | how;

/** Each method reads one message that ends at `end`; it skips unknown fields. */
class Reader {
  private readonly bytes: Buffer;
  private at = 0;
  /** The halves of the varint that was read last. */
  private low = 0;
  private high = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Headers inside a transaction's reply carry nothing but the revision again: they are left out. */
  txn(end: number, isOutermost: boolean): TxnReply {
    let header: ReplyHeader | null = null;
    let succeeded = false;
    const responses: ResponseOp[] = [];
    while (this.at < end) {
      const field = this.number();
      if (field === tag(3, delimited)) responses.push(this.response(this.end(end)));
      else if (field === tag(2, varint)) succeeded = this.number() !== 0;
      else if (field === tag(1, delimited) && isOutermost) header = this.header(this.end(end));
      else this.skip(field, end);
    }
    return { kind: 'txn', header, succeeded, responses };
  }

  private response(end: number): ResponseOp {
    let response: ResponseOp | null = null;
    while (this.at < end) {
      const field = this.number();
      if (field === tag(1, delimited)) response = this.range(this.end(end));
      else if (field === tag(2, delimited)) response = this.put(this.end(end));
      else if (field === tag(3, delimited)) response = this.deleteRange(this.end(end));
      else if (field === tag(4, delimited)) response = this.txn(this.end(end), false);
      else this.skip(field, end);
    }
    if (response === null) throw new Error('a response in a transaction has no kind that Vase knows');
    return response;
  }

  private range(end: number): RangeReply {
    const kvs: KeyValue[] = [];
    let more = false;
    let count = 0;
    while (this.at < end) {
      const field = this.number();
      if (field === tag(2, delimited)) kvs.push(this.keyValue(this.end(end)));
      else if (field === tag(3, varint)) more = this.number() !== 0;
      else if (field === tag(4, varint)) count = this.number();
      else this.skip(field, end);
    }
    return { kind: 'range', header: null, kvs, more, count };
  }

  private put(end: number): PutReply {
    let prevKv: KeyValue | null = null;
    while (this.at < end) {
      const field = this.number();
      if (field === tag(2, delimited)) prevKv = this.keyValue(this.end(end));
      else this.skip(field, end);
    }
    return { kind: 'put', header: null, prevKv };
  }

  private deleteRange(end: number): DeleteRangeReply {
    const prevKvs: KeyValue[] = [];
    let deleted = 0;
    while (this.at < end) {
      const field = this.number();
      if (field === tag(2, varint)) deleted = this.number();
      else if (field === tag(3, delimited)) prevKvs.push(this.keyValue(this.end(end)));
      else this.skip(field, end);
    }
    return { kind: 'delete_range', header: null, deleted, prevKvs };
  }

  private keyValue(end: number): KeyValue {
    let key = '';
    let value: Uint8Array = noBytes;
    let createRevision = 0;
    let modRevision = 0;
    let version = 0;
    let lease = 0;
    while (this.at < end) {
      const field = this.number();
      if (field === tag(1, delimited)) key = this.text(this.end(end));
      else if (field === tag(2, varint)) createRevision = this.number();
      else if (field === tag(3, varint)) modRevision = this.number();
      else if (field === tag(4, varint)) version = this.number();
      else if (field === tag(5, delimited)) value = this.value(this.end(end));
      else if (field === tag(6, varint)) lease = this.number();
      else this.skip(field, end);
    }
    return { key, value, createRevision, modRevision, version, lease };
  }

  private header(end: number): ReplyHeader {
    const header = { memberId: '0', revision: 0, raftTerm: 0 };
    while (this.at < end) {
      const field = this.number();
      if (field === tag(2, varint)) {
        this.number();
        header.memberId = memberText({ low: this.low, high: this.high });
      } else if (field === tag(3, varint)) header.revision = this.number();
      else if (field === tag(4, varint)) header.raftTerm = this.number();
      else this.skip(field, end);
    }
    return header;
  }

  /** Shares the memory of the whole reply. */
  private value(end: number): Uint8Array {
    const start = this.at;
    this.at = end;
    return start === end ? noBytes : this.bytes.subarray(start, end);
  }

  /** Reads a length and returns the end of the part that begins after it. */
  private end(outerEnd: number): number {
    const length = this.number();
    const end = this.at + length;
    if (end > outerEnd) throw new Error('a part of a reply is longer than the whole');
    return end;
  }

  private text(end: number): string {
    const start = this.at;
    this.at = end;
    return this.bytes.toString('utf8', start, end);
  }

  private skip(field: number, end: number): void {
    switch (field & 7) {
      case varint:
        this.number();
        break;
      case delimited:
        this.at = this.end(end);
        break;
      case 1:
        this.at += 8;
        break;
      case 5:
        this.at += 4;
        break;
      default:
        throw new Error(`a field of a reply is written in a way that is not known: ${field & 7}`);
    }
    if (this.at > end) throw new Error('a reply is cut off');
  }

  /** Reads a signed 64-bit integer; its halves are in `low` and `high` afterwards. */
  private number(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] as number;
    // Tags, lengths of small values, counts: one byte.
    if (byte < 0x80) return (this.low = byte) + (this.high = 0);
    if (byte === undefined) throw new Error('a reply is cut off');
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      const next = bytes[this.at++];
      if (shift > 63 || next === undefined) throw new Error('a number of a reply is cut off');
      byte = next;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
    }
    this.low = low;
    this.high = high;
    return high * 2 ** 32 + (low >>> 0);
  }
}
