/**
 * A tail over a source whose watches lag, break, are refused and answered by strangers, against the plainest follower there
 * is: a copy to which everything that the tail gives is applied must in the end be what the source holds.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  frozenMarker,
  isMarker,
  slotOfDataKey,
  toBytes,
} from '../../../../../cluster/resharding/source/marker.ts';
import { defaultMoverLimits } from '../../../../../cluster/resharding/records/mover-limits.ts';
import type { RecordsClient } from '../../../../../cluster/resharding/records/records-client.ts';
import { SourceTail } from '../../../../../cluster/resharding/source/source-tail.ts';
import {
  CompactedError,
  RecordsChangedError,
} from '../../../../../cluster/resharding/records/step-errors.ts';
import type { KeyValue } from '../../../../../sharder/core/etcd-messages.ts';
import { dataPrefix, dataRangeEnd } from '../../../../../sharder/core/slot.ts';
import { ManualClock, settled } from '../../../../support/manual-clock.ts';
import { type Answer, Source } from './watched-source.ts';

const slots = [5, 7];
const move = '2.0';
const limits = { ...defaultMoverLimits, callMs: 100, retryPauseMs: 10, tailBytesMax: 70 };

type Command =
  | { kind: 'write'; slot: number; name: string; value: number | null }
  | { kind: 'mark'; slot: number; what: 'ours' | 'theirs' | 'probe' | 'none' }
  | { kind: 'bring'; revisions: number }
  | { kind: 'copy' }
  | { kind: 'take' }
  | { kind: 'break' }
  | { kind: 'silent' }
  | { kind: 'answer'; as: Answer }
  | { kind: 'wait'; ms: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      slot: fc.constantFrom(5, 5, 7, 7, 6, 8),
      name: fc.constantFrom('a', 'b', 'c'),
      value: fc.option(fc.nat(200), { freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('mark' as const),
      slot: fc.constantFrom(5, 7, 7, 6),
      what: fc.constantFrom(
        'ours' as const,
        'ours' as const,
        'theirs' as const,
        'probe' as const,
        'none' as const,
      ),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({ kind: fc.constant('bring' as const), revisions: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('copy' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('break' as const, 'silent' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      as: fc.constantFrom<Answer[]>('at once', 'by a stranger', 'not', 'with an end', 'no connection'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 99, 100) }),
  },
);

const isMoved = (key: string) => slots.includes(slotOfDataKey(key));

class Story {
  private readonly clock = new ManualClock();
  private readonly source = new Source();
  private readonly tail: SourceTail;
  private readonly replica = new Map<string, string>();
  private readonly ends = [`${dataPrefix(5)}b`, dataRangeEnd(5), `${dataPrefix(7)}a`, dataRangeEnd(7)];
  private copiedTo = '';

  constructor() {
    const records = this.source.records as RecordsClient;
    this.tail = new SourceTail({
      records,
      clock: this.clock,
      limits,
      shard: 1,
      slots,
      move,
      isStopped: () => false,
    });
  }

  async begin(): Promise<void> {
    this.source.put(`${dataPrefix(5)}a`, Uint8Array.of(1));
    await this.tail.open();
    this.copy();
  }

  async do(step: Command): Promise<void> {
    const { source, tail } = this;
    switch (step.kind) {
      case 'write':
        source.put(
          `${dataPrefix(step.slot)}${step.name}`,
          step.value === null ? null : new Uint8Array(3).fill(step.value),
        );
        break;
      case 'mark':
        source.put(dataPrefix(step.slot), markerOf(step.what));
        break;
      case 'bring':
        source.bring(step.revisions);
        break;
      case 'copy':
        this.copy();
        break;
      case 'take':
        this.take();
        break;
      case 'break':
        source.break();
        break;
      case 'silent':
        void tail.reopen();
        break;
      case 'answer':
        source.answers = step.as;
        break;
      case 'wait':
        await this.clock.advance(step.ms);
    }
    await settled();
    expect(source.open().length).toBeLessThanOrEqual(1);
  }

  /** In the end everything has come. */
  async end(): Promise<void> {
    const { source, tail, clock } = this;
    source.answers = 'at once';
    while (this.ends.length > 0) this.copy();
    for (let round = 0; round < 4; round++) {
      await clock.advance(250);
      this.take();
      await settled();
      source.bring(1000);
    }
    this.take();
    expect(tail.lag).toBe(0);
    const truth = source.at(source.history.length);
    const held = [...truth].filter(([key]) => isMoved(key) && !isMarker(key));
    expect(sorted(this.replica)).toEqual(
      sorted(new Map(held.map(([key, { value }]) => [key, value.join()]))),
    );
    const marked = slots.filter(
      (slot) => truth.get(dataPrefix(slot))?.value.join() === frozenMarker(move).join(),
    );
    expect(tail.areAllMarked).toBe(marked.length === slots.length);
    for (const slot of marked)
      expect(tail.markedRevision(slot)).toBe(truth.get(dataPrefix(slot))!.modRevision);
    tail.close();
    await clock.advance(250);
    expect([source.open().length, clock.pending]).toEqual([0, 0]);
  }

  /** The next page of the copy, as it is now. */
  private copy(): void {
    const end = this.ends.shift();
    if (end === undefined) return;
    const revision = this.source.history.length;
    const isInside = ({ key }: KeyValue) => isMoved(key) && key >= this.copiedTo && key < end;
    const kvs = [...this.source.at(revision).values()].filter(isInside);
    this.tail.cover({ end, revision, kvs });
    this.copiedTo = end;
    for (const { key, value } of kvs) if (!isMarker(key)) this.replica.set(key, value.join());
  }

  private take(): void {
    const seen = new Set<string>();
    const waiting = this.tail.lag;
    for (const operation of this.tail.take()) {
      const { key } = operation as { key: string };
      expect(isMoved(key) && !isMarker(key) && !seen.has(key) && key < this.copiedTo).toBe(true);
      seen.add(key);
      if (operation.kind === 'put') this.replica.set(key, operation.value.join());
      else this.replica.delete(key);
    }
    expect([seen.size, this.tail.lag]).toEqual([waiting, 0]);
  }
}

function markerOf(what: 'ours' | 'theirs' | 'probe' | 'none'): Uint8Array | null {
  if (what === 'none') return null;
  if (what === 'probe') return toBytes('probe 1');
  return frozenMarker(what === 'ours' ? move : '9.9');
}

const sorted = (map: ReadonlyMap<string, string>) => [...map].toSorted(([a], [b]) => a.localeCompare(b));

test('whatever becomes of its watches, a tail gives everything that was written since the copy', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (steps) => {
      const story = new Story();
      await story.begin();
      for (const step of steps) await story.do(step);
      await story.end();
    }),
    { numRuns: 150 },
  );
});

async function openedTail() {
  const clock = new ManualClock();
  const source = new Source();
  const records = source.records as RecordsClient;
  const tail = new SourceTail({ records, clock, limits, shard: 1, slots, move, isStopped: () => false });
  await tail.open();
  return { clock, source, tail };
}

test('whoever waits goes on when something comes, when the time is over, and when history is forgotten', async () => {
  const { clock, source, tail } = await openedTail();
  const waited: string[] = [];
  const wait = (name: string, ms: number) =>
    void tail.next(ms).then(
      () => waited.push(`${name} ${clock.nowMs()}`),
      (error: Error) => waited.push(`${name} ${error.name}`),
    );
  wait('time', 20);
  await clock.advance(30);
  wait('events', 20);
  await clock.advance(5);
  tail.cover({ end: dataRangeEnd(7), revision: 0, kvs: [] });
  source.put(dataPrefix(7), toBytes('probe 1'));
  source.bring(1);
  await clock.advance(0);
  expect([tail.hasSeenProbe('probe 1'), tail.hasSeenProbe('probe 2')]).toEqual([true, false]);
  wait('forgotten', 20);
  source.open()[0]!.sink.onEnd({ kind: 'compacted', compactRevision: 9 });
  await clock.advance(0);
  expect(waited).toEqual(['time 20', 'events 35', 'forgotten CompactedError']);
  expect(() => tail.take()).toThrow(CompactedError);
  await expect(tail.next(1)).rejects.toThrow(CompactedError);
  expect(clock.pending).toBe(0);
});

test('a source that has left is asked no more, and whoever waits for it hears of it', async () => {
  const { clock, source, tail } = await openedTail();
  source.answers = 'no connection';
  source.break();
  await clock.advance(50);
  const waiting = tail.next(1000).catch((error: Error) => error.name);
  source.isInView = false;
  await clock.advance(limits.retryPauseMs);
  expect(await waiting).toBe('RecordsChangedError');
  expect(() => tail.take()).toThrow(RecordsChangedError);
  expect(clock.pending).toBe(0);
});
