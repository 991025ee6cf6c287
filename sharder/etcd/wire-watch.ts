/** The messages of a watch on the wire. */
import type { EtcdEvent, WatchRequest } from '../core/etcd-messages.ts';
import { type Long, messageType } from './schema.ts';
import { toDecimal, toKeyValue, toNumber, type WireHeader, type WireKeyValue } from './wire-reply.ts';

const watchRequestType = messageType('WatchRequest');
const watchResponseType = messageType('WatchResponse');

export function encodeWatchRequest(request: WatchRequest): Buffer {
  const create = {
    key: request.key,
    range_end: request.rangeEnd ?? '',
    start_revision: request.startRevision ?? 0,
    prev_kv: request.prevKv ?? false,
    progress_notify: request.progressNotify ?? false,
    // One revision can be larger than a message; the fragments of a response are put together again by the watcher.
    fragment: true,
  };
  return watchRequestType.encode({ create_request: create }).finish() as Buffer;
}

export interface WatchResponse {
  revision: number;
  /** Decimal string. */
  memberId: string;
  created: boolean;
  canceled: boolean;
  /** Above 0 when the watch asked for what has been compacted away. */
  compactRevision: number;
  cancelReason: string;
  /** More of the same response follows. */
  fragment: boolean;
  events: EtcdEvent[];
}

export function decodeWatchResponse(bytes: Buffer): WatchResponse {
  const wire = watchResponseType.decode(bytes) as unknown as {
    header?: WireHeader | null;
    created: boolean;
    canceled: boolean;
    compact_revision: Long;
    cancel_reason: string;
    fragment: boolean;
    events: { type: number; kv: WireKeyValue; prev_kv?: WireKeyValue | null }[];
  };
  return {
    revision: wire.header ? toNumber(wire.header.revision) : 0,
    memberId: wire.header ? toDecimal(wire.header.member_id) : '0',
    created: wire.created,
    canceled: wire.canceled,
    compactRevision: toNumber(wire.compact_revision),
    cancelReason: wire.cancel_reason,
    fragment: wire.fragment,
    events: wire.events.map((event) => ({
      type: event.type === 0 ? 'put' : 'delete',
      kv: toKeyValue(event.kv),
      prevKv: event.prev_kv ? toKeyValue(event.prev_kv) : null,
    })),
  };
}
