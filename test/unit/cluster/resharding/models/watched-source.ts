/** The shard that slots leave, for a model of its tail: a history, and watches that lag, break, and are answered by strangers. */
import { expect } from 'vitest';
import { slotOfDataKey } from '../../../../../cluster/resharding/source/marker.ts';
import type { RecordsClient } from '../../../../../cluster/resharding/records/records-client.ts';
import { UnavailableError } from '../../../../../cluster/resharding/records/unavailable-error.ts';
import type { EtcdEvent, KeyValue, WatchRequest } from '../../../../../sharder/core/etcd-messages.ts';
import type { WatchSink } from '../../../../../sharder/core/ports.ts';
import { dataPrefix } from '../../../../../sharder/core/slot.ts';

/** What becomes of the watches that are asked for. */
export type Answer = 'at once' | 'by a stranger' | 'not' | 'with an end' | 'no connection';

interface Watch {
  sink: WatchSink;
  /** The first revision that it has not brought. */
  next: number;
  isOver: boolean;
  isAccepted: boolean;
}

export class Source {
  answers: Answer = 'at once';
  isInView = true;
  watches: Watch[] = [];
  /** By revision less one. */
  readonly history: EtcdEvent[] = [];
  readonly records: Pick<RecordsClient, 'watch' | 'isMember' | 'isKnown' | 'avoidPreferred'> = {
    isKnown: () => this.isInView,
    isMember: (_shard, memberId) => Promise.resolve(memberId === 'own'),
    avoidPreferred: () => undefined,
    watch: (_shard, request, sink) => this.watch(request, sink),
  };

  put(key: string, value: Uint8Array | null): void {
    const modRevision = this.history.length + 1;
    const kv: KeyValue = {
      key,
      value: value ?? new Uint8Array(),
      createRevision: 1,
      modRevision,
      version: 1,
      lease: 0,
    };
    this.history.push({ type: value === null ? 'delete' : 'put', kv, prevKv: null });
  }

  /** What it holds at a revision. */
  at(revision: number): Map<string, KeyValue> {
    const data = new Map<string, KeyValue>();
    for (const { type, kv } of this.history.slice(0, revision))
      if (type === 'put') data.set(kv.key, kv);
      else data.delete(kv.key);
    return data;
  }

  bring(revisions: number): void {
    for (const watch of this.open())
      for (let count = 0; count < revisions && !watch.isOver && watch.next <= this.history.length; count++) {
        const event = this.history[watch.next - 1]!;
        watch.next++;
        watch.sink.onEvents(isWatched(event.kv.key) ? [event] : [], event.kv.modRevision);
      }
  }

  break(): void {
    for (const watch of this.open()) {
      watch.isOver = true;
      watch.sink.onEnd({ kind: 'lost', message: 'broken' });
    }
  }

  open(): Watch[] {
    return this.watches.filter(({ isOver, isAccepted }) => !isOver && isAccepted);
  }

  private watch(request: WatchRequest, sink: WatchSink): Promise<() => void> {
    expect([request.key, request.rangeEnd]).toEqual([dataPrefix(5), expect.stringContaining('d/0007')]);
    if (this.answers === 'no connection') return Promise.reject(new UnavailableError(1, 'away'));
    const watch = {
      sink,
      next: request.startRevision ?? this.history.length + 1,
      isOver: false,
      isAccepted: false,
    };
    this.watches.push(watch);
    void this.accept(watch, this.answers);
    return Promise.resolve(() => void (watch.isOver = true));
  }

  private async accept(watch: Watch, answer: Answer): Promise<void> {
    await roundTrip();
    if (watch.isOver || answer === 'not') return;
    watch.isAccepted = true;
    watch.sink.onCreated?.(this.history.length, answer === 'by a stranger' ? 'strange' : 'own');
    // Something may come, or it may end, before it is known who answers.
    if (answer === 'with an end') {
      watch.isOver = true;
      watch.sink.onEnd({ kind: 'lost', message: 'at once' });
    } else if (watch.next <= this.history.length) this.bring(1);
  }
}

/** Whoever asks has got its `Cancel` by then. */
async function roundTrip(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

const isWatched = (key: string) => slotOfDataKey(key) >= 5 && slotOfDataKey(key) <= 7;
