/** A watch over gRPC. Never reconnects: the caller asks again for what was missed, from a revision. */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { EtcdEvent, WatchRequest } from '../core/etcd-messages.ts';
import type { Cancel, WatchSink } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import { decodeWatchResponse, encodeWatchRequest, type WatchResponse } from './wire-watch.ts';

type Stream = ClientDuplexStream<WatchRequest, WatchResponse>;

export function openWatch(connection: Connection, request: WatchRequest, sink: WatchSink): Cancel {
  let stream: Stream | null = null;
  let over = false;
  const end = (message: string, compactRevision = 0) => {
    if (over) return;
    over = true;
    stream?.cancel();
    sink.onEnd(compactRevision > 0 ? { kind: 'compacted', compactRevision } : { kind: 'lost', message });
  };
  const gatherer = new FragmentGatherer();
  const take = (response: WatchResponse) => {
    if (over) return;
    if (response.created) sink.onCreated?.(response.revision, response.memberId);
    if (response.canceled) return end(response.cancelReason, response.compactRevision);
    const events = gatherer.add(response);
    if (events !== null && !(response.created && events.length === 0))
      sink.onEvents(events, response.revision);
  };
  const start = async () => {
    const { client, metadata } = await connection.service('Watch');
    if (over) return;
    stream = client.makeBidiStreamRequest(
      '/etcdserverpb.Watch/Watch',
      encodeWatchRequest,
      decodeWatchResponse,
      metadata,
    );
    stream.on('data', take);
    stream.on('error', (error: ServiceError) => end(error.details));
    stream.on('end', () => end('the member closed the watch'));
    stream.write(request);
  };
  start().catch((error: unknown) => end(String(error)));
  return () => {
    over = true;
    stream?.cancel();
  };
}

/** Puts the fragments of one response together, so that the events of one revision stay together. */
class FragmentGatherer {
  private events: EtcdEvent[] = [];

  /** The whole response's events, or null while fragments are missing. */
  add(response: WatchResponse): EtcdEvent[] | null {
    if (!response.fragment && this.events.length === 0) return response.events;
    this.events.push(...response.events);
    if (response.fragment) return null;
    const whole = this.events;
    this.events = [];
    return whole;
  }
}
