/** The size of a request in etcd's log, and its mark in the trace hash. */
import type { EtcdRequest } from '../../sharder/core/etcd-messages.ts';
import type { TraceHash } from '../kernel/trace-hash.ts';

/** Tags, lengths and numbers of one protobuf message: an estimate that is right within a few bytes. */
const overheadBytes = 8;

/** Bytes of keys and values with what protobuf adds: right within a few bytes for each operation. */
export function requestSizeBytes(request: EtcdRequest): number {
  switch (request.kind) {
    case 'range':
    case 'delete_range':
      return overheadBytes + utf8Bytes(request.key) + utf8Bytes(request.rangeEnd ?? '');
    case 'put':
      return overheadBytes + utf8Bytes(request.key) + request.value.length;
    case 'txn': {
      let bytes = overheadBytes;
      for (const compare of request.compare) {
        bytes += overheadBytes + utf8Bytes(compare.key);
        if (compare.target === 'value') bytes += compare.operand.length;
      }
      for (const operation of request.success) bytes += requestSizeBytes(operation);
      for (const operation of request.failure) bytes += requestSizeBytes(operation);
      return bytes;
    }
    case 'compact':
    case 'lease_grant':
    case 'lease_revoke':
    case 'lease_keep_alive':
    case 'lease_time_to_live':
    case 'status':
      return overheadBytes;
  }
}

/** Folds what the request says into the hash: its kinds, keys, and the ends of its values. */
export function mixRequest(hash: TraceHash, request: EtcdRequest): void {
  hash.mix(request.kind.charCodeAt(0) * 31 + request.kind.length);
  switch (request.kind) {
    case 'put':
      hash.mixString(request.key);
      mixBytes(hash, request.value);
      break;
    case 'range':
    case 'delete_range':
      hash.mixString(request.key);
      if (request.rangeEnd !== undefined) hash.mixString(request.rangeEnd);
      break;
    case 'txn':
      for (const compare of request.compare) {
        hash.mixString(compare.key);
        if (compare.target === 'value') mixBytes(hash, compare.operand);
        else hash.mix(compare.operand);
      }
      for (const operation of request.success) mixRequest(hash, operation);
      for (const operation of request.failure) mixRequest(hash, operation);
      break;
    case 'compact':
      hash.mix(request.revision);
      break;
    case 'lease_grant':
    case 'lease_revoke':
    case 'lease_keep_alive':
    case 'lease_time_to_live':
      hash.mixNumber(request.id);
      break;
    case 'status':
      break;
  }
}

function mixBytes(hash: TraceHash, bytes: Uint8Array): void {
  const { length } = bytes;
  hash.mix(length);
  for (let at = 0; at < Math.min(length, 16); at++) hash.mix(bytes[at]! | (bytes[length - 1 - at]! << 8));
}

const beyondAscii = /[\u0080-\uffff]/;

function utf8Bytes(text: string): number {
  if (!beyondAscii.test(text)) return text.length;
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // A surrogate pair is two units and four bytes.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
