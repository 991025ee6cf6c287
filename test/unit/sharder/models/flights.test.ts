/** Any sequence of what befalls a shard's writes: which are on their way, in which order, and that none is forgotten. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFence, fenceKey, initialFence } from '../../../../sharder/core/fence.ts';
import type { EtcdReply, EtcdRequest, TxnRequest } from '../../../../sharder/core/etcd-messages.ts';
import { defaultLimits } from '../../../../sharder/core/limits.ts';
import { always } from '../../../../sharder/core/operation.ts';
import { createPending } from '../../../../sharder/core/pending.ts';
import { Shard } from '../../../../sharder/core/shard.ts';
import type { CallOptions, CallOutcome, ShardClient } from '../../../../sharder/core/shard-client.ts';
import { initialView } from '../../../../sharder/core/view.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const record = initialFence(initialView([{ id: 1, endpoints: ['one:2379'] }]), 1);
const encoded = {
  key: fenceKey(record),
  value: encodeFence(record),
  createRevision: 1,
  version: 1,
  lease: 0,
};
const limits = { ...defaultLimits, batchOperationsMax: 3 };

type Ending = 'applied' | 'rejected' | 'unknown' | 'not_applied';
type Command =
  | { kind: 'submit'; keys: readonly string[] }
  /** Of those under way, the first or the second. */
  | { kind: 'stuck'; at: number }
  | { kind: 'end'; at: number; as: Ending };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      keys: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stuck' as const), at: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      at: fc.nat(1),
      as: fc.constantFrom<Ending[]>('applied', 'applied', 'applied', 'rejected', 'unknown', 'not_applied'),
    }),
  },
);

interface Sent {
  keys: string[];
  /** The value of each write: its number. */
  numbers: number[];
  isStuck: boolean;
  onStuck(): void;
  end(outcome: CallOutcome): void;
}

/** A shard's etcd that answers when it is told to. */
class SlowClient implements ShardClient {
  /** Transactions of writes that have no answer yet. */
  readonly open: Sent[] = [];
  revision = 1;
  private fenceRevision = 1;

  execute(request: EtcdRequest, { onStuck }: CallOptions): Promise<CallOutcome> {
    if (request.kind !== 'txn') return Promise.resolve(this.reply(this.fence()));
    return new Promise((resolve) => {
      const sent: Sent = {
        ...writesOf(request),
        isStuck: false,
        onStuck: () => {
          sent.isStuck = true;
          onStuck!();
        },
        end: (outcome) => {
          this.open.splice(this.open.indexOf(sent), 1);
          resolve(outcome);
        },
      };
      this.open.push(sent);
    });
  }

  readStatuses(): Promise<[]> {
    return Promise.resolve([]);
  }

  end(sent: Sent, as: Ending): void {
    if (as === 'unknown' || as === 'not_applied') return sent.end({ kind: as, message: as });
    this.revision++;
    if (as === 'rejected') this.fenceRevision = this.revision;
    const header = { memberId: '1', revision: this.revision, raftTerm: 1 };
    const responses =
      as === 'rejected'
        ? [this.fence()]
        : sent.keys.map(() => ({ kind: 'put', header: null, prevKv: null }) as const);
    sent.end(this.reply({ kind: 'txn', header, succeeded: as === 'applied', responses }));
  }

  private fence() {
    const kvs = [{ ...encoded, modRevision: this.fenceRevision }];
    const header = { memberId: '1', revision: this.revision, raftTerm: 1 };
    return { kind: 'range', header, kvs, more: false, count: 1 } as const;
  }

  private reply(reply: EtcdReply): CallOutcome {
    return { kind: 'reply', reply };
  }

  watch = () => () => undefined;
  avoidPreferred = () => undefined;
  distrust = () => undefined;
  setEndpoints = () => undefined;
  close = () => undefined;
}

function writesOf({ success }: TxnRequest): { keys: string[]; numbers: number[] } {
  const puts = success.filter((op) => op.kind === 'put');
  return { keys: puts.map(({ key }) => key), numbers: puts.map(({ value }) => value[0]! * 256 + value[1]!) };
}

class Rig {
  readonly client = new SlowClient();
  readonly shard: Shard;
  private readonly clock = new ManualClock();
  private readonly waiting = new Map<string, number[]>();
  private submitted = 0;
  private settled = 0;

  constructor() {
    const trace = { emit: () => undefined };
    const rest = { onMisrouted: () => undefined, onUnreachable: () => undefined };
    this.shard = new Shard({ id: 1 }, this.client, { clock: this.clock, trace, limits, ...rest });
  }

  async do(step: Command): Promise<void> {
    const { open } = this.client;
    if (step.kind === 'submit') for (const key of step.keys) this.submit(key);
    else if (step.kind === 'stuck') open[step.at]?.onStuck();
    else this.end(open[step.at], step.as);
    await this.clock.advance(0);
    this.check();
  }

  /** Whatever was submitted ends when all that is sent is answered. */
  async finish(): Promise<void> {
    for (let round = 0; this.client.open.length > 0; round++) {
      expect(round).toBeLessThan(10_000);
      await this.do({ kind: 'end', at: 0, as: 'applied' });
    }
    expect(this.settled).toBe(this.submitted);
    expect(this.shard.load('write')).toEqual({ queued: 0, bytes: 0, inFlight: 0 });
  }

  private submit(key: string): void {
    const number = ++this.submitted;
    const value = Uint8Array.of(Math.floor(number / 256), number % 256);
    const put = { kind: 'put', key, value, condition: always, wantPrevious: false } as const;
    const pending = createPending(put, 0, Infinity, () => this.settled++);
    this.waiting.set(pending.etcdKey, [...(this.waiting.get(pending.etcdKey) ?? []), number]);
    this.shard.submit(pending);
  }

  private end(sent: Sent | undefined, as: Ending): void {
    if (sent === undefined) return;
    if (as !== 'rejected') for (const key of sent.keys) this.waiting.get(key)!.shift();
    this.client.end(sent, as);
  }

  private check(): void {
    const { open } = this.client;
    const keys = open.flatMap((sent) => sent.keys);
    const { queued, inFlight } = this.shard.load('write');
    expect(new Set(keys).size).toBe(keys.length);
    expect(inFlight).toBe(keys.length);
    expect(queued).toBe(this.submitted - this.settled - inFlight);
    // The writes of a key are sent one after the other, as they came.
    for (const sent of open)
      for (const [index, key] of sent.keys.entries())
        expect(sent.numbers[index]).toBe(this.waiting.get(key)![0]);
    // A second one beside one that is stuck, and only then.
    expect(open.length).toBeLessThanOrEqual(2);
    if (open.length === 2) expect(open.some(({ isStuck }) => isStuck)).toBe(true);
    // Nothing waits that could be sent.
    const [first] = open;
    if (queued === 0 || open.length === 2) return;
    expect(first).toBeDefined();
    const others = [...this.waiting].filter(([key, all]) => all.length > 0 && !first!.keys.includes(key));
    if (first!.isStuck) expect(others).toEqual([]);
  }
}

test('two transactions at most, for keys apart, each key in its order, and whoever waits is sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (steps) => {
      const rig = new Rig();
      for (const step of steps) await rig.do(step);
      await rig.finish();
    }),
    { numRuns: 100 },
  );
});
