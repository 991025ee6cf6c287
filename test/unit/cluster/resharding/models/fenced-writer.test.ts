/**
 * A writer on a shard whose record others replace, and whose answers get lost before, after, and long before a write lands,
 * against what must be there: every write that has ended well, and nothing of any other one after that.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FencedWriter,
  type FencedWriterOptions,
} from '../../../../../cluster/resharding/records/fenced-writer.ts';
import type { RecordsClient } from '../../../../../cluster/resharding/records/records-client.ts';
import { SupersededError } from '../../../../../cluster/resharding/records/step-errors.ts';
import { UnavailableError } from '../../../../../cluster/resharding/records/unavailable-error.ts';
import type { RequestOp, TxnRequest } from '../../../../../sharder/core/etcd-messages.ts';
import {
  decodeFence,
  encodeFence,
  type Fence,
  fenceKey,
  joiningFence,
} from '../../../../../sharder/core/fence.ts';
import type { CallOutcome } from '../../../../../sharder/core/shard-client.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

/** From this epoch on the record is another mover's. */
const foreignEpoch = 100;
const retryPauseMs = 5;

/** What happens to a request, after what others have done. */
interface Weather {
  others: 'nothing' | 'new record' | 'takeover';
  answer: 'ok' | 'lost' | 'applied and lost' | 'late' | 'not applied' | 'busy' | 'stranger';
}
const calm: Weather = { others: 'nothing', answer: 'ok' };
const weather: fc.Arbitrary<Weather> = fc.record({
  others: fc.oneof(
    { weight: 12, arbitrary: fc.constant('nothing' as const) },
    { weight: 3, arbitrary: fc.constant('new record' as const) },
    fc.constant('takeover' as const),
  ),
  answer: fc.oneof(
    { weight: 6, arbitrary: fc.constant('ok' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'lost' as const,
        'applied and lost' as const,
        'late' as const,
        'not applied' as const,
      ),
    },
    fc.constantFrom('busy' as const, 'stranger' as const),
  ),
});

class Shard {
  fence: Fence = { record: joiningFence({ id: 1, identity: undefined }, 1), modRevision: 1 };
  readonly data = new Map<string, string>();
  readonly requests: number[] = [];
  readonly clock = new ManualClock();
  renewals = 0;
  private revision = 1;
  private readonly late: TxnRequest[] = [];
  private readonly forecast: Weather[];
  private readonly operationsMax: number;

  constructor(forecast: readonly Weather[], operationsMax: number) {
    this.forecast = [...forecast];
    this.operationsMax = operationsMax;
  }

  writer(operationsMax: number, renews = true): FencedWriter {
    const records: Pick<RecordsClient, 'execute' | 'readFence' | 'parseFence' | 'mistaken'> = {
      execute: (_shard, request) => this.execute(request as TxnRequest),
      readFence: () => Promise.resolve(this.fence),
      parseFence: (_shard, { value, modRevision }) => ({ record: decodeFence(value), modRevision }),
      mistaken: () => new UnavailableError(1, 'a stranger'),
    };
    const options: FencedWriterOptions = {
      records: records as RecordsClient,
      clock: this.clock,
      shard: 1,
      fence: this.fence,
      holds: ({ epoch }) => epoch < foreignEpoch,
      renew: renews ? (fence) => this.renew(fence) : null,
      retryPauseMs,
    };
    return new FencedWriter(options, operationsMax);
  }

  get isForeign(): boolean {
    return this.fence.record.epoch >= foreignEpoch;
  }

  replace(epoch: number): void {
    this.fence = { record: { ...this.fence.record, epoch }, modRevision: ++this.revision };
  }

  /** What was under way lands. */
  flush(): void {
    for (const request of this.late.splice(0)) this.apply(request);
  }

  private async execute(request: TxnRequest): Promise<CallOutcome> {
    await Promise.resolve();
    expect(request.compare).toHaveLength(1);
    expect(request.failure).toEqual([{ kind: 'range', key: fenceKey(this.fence.record) }]);
    this.requests.push(request.success.length);
    const { others, answer } = this.forecast.shift() ?? calm;
    if (others !== 'nothing' && !this.isForeign)
      this.replace(others === 'takeover' ? foreignEpoch : this.fence.record.epoch + 1);
    if (request.success.length > this.operationsMax)
      return { kind: 'refused', code: 'too_many_operations', message: '' };
    switch (answer) {
      case 'ok':
        return { kind: 'reply', reply: this.apply(request) };
      case 'applied and lost':
        this.apply(request);
        return { kind: 'unknown', message: '' };
      case 'late':
        this.late.push(request);
        return { kind: 'unknown', message: '' };
      case 'lost':
        return { kind: 'unknown', message: '' };
      case 'not applied':
        return { kind: 'not_applied', message: '' };
      case 'busy':
        return { kind: 'refused', code: 'too_many_requests', message: '' };
      case 'stranger':
        return {
          kind: 'reply',
          reply: { kind: 'txn', header: null, succeeded: false, responses: [range([])] },
        };
    }
  }

  private apply({ compare, success }: TxnRequest) {
    const [{ key, target, operand } = { key: '', target: '', operand: null }] = compare;
    const header = { memberId: '1', revision: this.revision, raftTerm: 1 };
    const isSame =
      key === fenceKey(this.fence.record) && target === 'mod_revision' && operand === this.fence.modRevision;
    if (!isSame) {
      const { record, modRevision } = this.fence;
      const kv = { key, value: encodeFence(record), modRevision, createRevision: 1, version: 1, lease: 0 };
      return { kind: 'txn' as const, header, succeeded: false, responses: [range([kv])] };
    }
    this.revision++;
    for (const operation of success) this.carryOut(operation);
    return { kind: 'txn' as const, header, succeeded: true, responses: [] };
  }

  private carryOut(operation: RequestOp): void {
    if (operation.kind === 'delete_range') this.data.delete(operation.key);
    if (operation.kind !== 'put') return;
    if (operation.key === fenceKey(this.fence.record))
      this.fence = { record: decodeFence(operation.value), modRevision: this.revision };
    else this.data.set(operation.key, operation.value.join());
  }

  private async renew(fence: Fence): Promise<Fence> {
    await Promise.resolve();
    this.renewals++;
    if (this.isForeign) throw new SupersededError('it is another mover’s');
    // Whoever was first has renewed it for all.
    if (this.fence.modRevision === fence.modRevision) this.replace(this.fence.record.epoch + 1);
    return this.fence;
  }
}

const range = (kvs: readonly object[]) => ({ kind: 'range', kvs, count: kvs.length, more: false }) as never;

/** Writes of one group are under way together, and have keys of their own. */
const groups = fc.array(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 }), {
  maxLength: 4,
});
const sizes = fc.record({ asked: fc.integer({ min: 1, max: 8 }), taken: fc.integer({ min: 1, max: 8 }) });

test('what was written is there, and nothing that was written before comes over it, however late', async () => {
  await fc.assert(
    fc.asyncProperty(
      groups,
      fc.array(weather, { maxLength: 25 }),
      sizes,
      async (all, forecast, { asked, taken }) => {
        const shard = new Shard(forecast, taken);
        const writer = shard.writer(asked);
        const expected = new Map<string, string>();
        const failures: Error[] = [];
        const run = async () => {
          for (const [round, group] of all.entries()) {
            const writes = group.map((count, at) =>
              Array.from({ length: count }, (_, index): RequestOp => {
                const key = `${at}/${index}`;
                return round % 3 === 2
                  ? { kind: 'delete_range', key }
                  : { kind: 'put', key, value: Uint8Array.of(round) };
              }),
            );
            await Promise.all(writes.map((operations) => writer.write(operations)));
            for (const operation of writes.flat())
              if (operation.kind === 'put') expected.set(operation.key, operation.value.join());
              else if (operation.kind === 'delete_range') expected.delete(operation.key);
            expect(shard.data).toEqual(expected);
            shard.flush();
            expect(shard.data).toEqual(expected);
          }
        };
        const ended = run().catch((error: Error) => failures.push(error));
        await shard.clock.advance(10_000);
        await ended;
        const [error] = failures;
        if (error instanceof SupersededError) expect(shard.isForeign).toBe(true);
        else if (error instanceof UnavailableError)
          expect(
            forecast.some(({ answer }) => answer === 'busy' || answer === 'stranger') ||
              shard.requests.length >= 20,
          ).toBe(true);
        else if (error !== undefined) throw error;
        // Once it is known what the shard takes, no larger request is made.
        if (error === undefined) expect(writer.operationsMax).toBeLessThanOrEqual(Math.max(asked, 1));
        for (const count of shard.requests) expect(count).toBeLessThanOrEqual(asked);
      },
    ),
    { numRuns: 300 },
  );
});

test('calm weather takes as few requests as the shard permits', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 20 }), async ({ asked, taken }, count) => {
      const shard = new Shard([], taken);
      const writer = shard.writer(asked);
      const operations = Array.from({ length: count }, (_, index): RequestOp => ({
        kind: 'delete_range',
        key: `${index}`,
      }));
      await writer.write(operations);
      const refused = shard.requests.filter((size) => size > taken);
      const done = shard.requests.filter((size) => size <= taken);
      expect(done.reduce((total, size) => total + size, 0)).toBe(count);
      // Halved each time, and each size is refused once.
      expect(refused.length).toBeLessThanOrEqual(Math.ceil(Math.log2(asked)));
      if (asked <= taken) expect(done.length).toBeLessThanOrEqual(2 * Math.ceil(count / asked));
      if (count <= Math.min(asked, taken)) expect(shard.requests).toEqual([count]);
    }),
  );
});

const put: RequestOp = { kind: 'put', key: 'k', value: Uint8Array.of(1) };

test('a write gives up after twenty tries, each after a pause where it was not made, and asks for one renewal a record', async () => {
  const answers = { 'not applied': 19 * retryPauseMs, lost: 0 } as const;
  for (const answer of ['not applied', 'lost'] as const) {
    const shard = new Shard(
      Array.from({ length: 30 }, () => ({ others: 'nothing', answer })),
      9,
    );
    const writer = shard.writer(9);
    const ended: unknown[] = [];
    void writer
      .write([put])
      .catch((error: unknown) => ended.push([(error as Error).name, shard.clock.nowMs()]));
    await shard.clock.advance(answers[answer]);
    expect(shard.requests).toHaveLength(20);
    await shard.clock.advance(retryPauseMs);
    expect(ended).toEqual([['UnavailableError', answer === 'lost' ? 0 : 20 * retryPauseMs]]);
    expect(shard.renewals).toBe(answer === 'lost' ? 20 : 0);
  }
  const shard = new Shard(
    [1, 2, 3].map(() => ({ others: 'nothing', answer: 'lost' })),
    9,
  );
  const writer = shard.writer(9);
  await Promise.all(['a', 'b', 'c'].map((key) => writer.write([{ ...put, key }])));
  expect([shard.renewals, shard.data.size]).toEqual([1, 3]);
});

test('a writer without renewal repeats what was lost under the same record', async () => {
  const shard = new Shard(
    [
      { others: 'nothing', answer: 'lost' },
      { others: 'nothing', answer: 'applied and lost' },
    ],
    9,
  );
  await shard.writer(9, false).write([put]);
  expect([shard.requests.length, shard.renewals, shard.fence.modRevision]).toEqual([3, 0, 1]);
});

test('a conclusion is made once, over the newest record that holds, and is never repeated when it may have been made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(weather, { maxLength: 6 }), async (forecast) => {
      const shard = new Shard(forecast, 2);
      const writer = shard.writer(9);
      const change = (record: Fence['record']) => ({ ...record, epoch: record.epoch + 10 });
      const ended = writer.conclude(change, [put]).then(
        () => 'done',
        (error: Error) => error.name,
      );
      await shard.clock.advance(1000);
      // The twin goes through the weather.
      let [epoch, known, expected, tries] = [1, 1, '', 0];
      while (expected === '') {
        const { others, answer } = forecast[tries++] ?? calm;
        if (others !== 'nothing' && epoch < foreignEpoch)
          epoch = others === 'takeover' ? foreignEpoch : epoch + 1;
        if (answer === 'ok' && epoch === known) expected = 'done';
        else if (answer === 'ok' && epoch >= foreignEpoch) expected = 'SupersededError';
        else if (answer === 'ok') known = epoch;
        else if (answer !== 'not applied') expected = 'UnavailableError';
      }
      expect([await ended, shard.requests.length]).toEqual([expected, tries]);
      if (expected === 'done')
        expect([shard.fence.record.epoch, shard.data.get('k')]).toEqual([epoch + 10, '1']);
    }),
    { numRuns: 200 },
  );
});

test('a conclusion gives up after twenty tries', async () => {
  const shard = new Shard(
    Array.from({ length: 30 }, () => ({ others: 'nothing', answer: 'not applied' })),
    9,
  );
  const ended = shard
    .writer(9)
    .conclude((record) => record, [])
    .catch((error: Error) => error.name);
  await shard.clock.advance(1000);
  expect([await ended, shard.requests.length]).toEqual(['UnavailableError', 20]);
});

test('a claim is verified against the record as it is now, and an older one is not taken', async () => {
  const shard = new Shard([], 9);
  const writer = shard.writer(9);
  shard.replace(2);
  await writer.verify();
  expect(writer.current).toEqual(shard.fence);
  const newest = shard.fence;
  shard.fence = { ...newest, modRevision: 1 };
  await writer.verify();
  expect(writer.current).toEqual(newest);
  shard.replace(foreignEpoch);
  await expect(writer.verify()).rejects.toThrow(SupersededError);
});
