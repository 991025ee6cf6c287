/** Any sequence of what a store does to its pen, against a pen that keeps one list and looks at all of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HoldingPen } from '../../../../sharder/core/holding-pen.ts';
import { defaultLimits } from '../../../../sharder/core/limits.ts';
import { createPending, type Pending } from '../../../../sharder/core/pending.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const limits = { ...defaultLimits, heldOperationsMax: 4, heldMsMax: 60, heldPollMs: 2, heldPollMsMax: 10 };

type Command =
  | { kind: 'hold'; slot: number; deadlineMs: number; sent: boolean; client: number | null }
  | { kind: 'wait'; ms: number }
  | { kind: 'owner'; slot: number; is: Owner }
  | { kind: 'leave'; client: number }
  | { kind: 'close' };
/** `turns away`: the slot may be tried, and what is sent there comes back at once. */
type Owner = 'nobody' | 'somebody' | 'turns away';

const slot = fc.integer({ min: 1, max: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      slot,
      deadlineMs: fc.constantFrom(1000, 1000, 9, 10, 11, 35),
      sent: fc.boolean(),
      client: fc.constantFrom(null, 0, 1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 2, 3, 7, 10, 30, 60),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('owner' as const),
      slot,
      is: fc.constantFrom<Owner[]>('nobody', 'somebody', 'turns away'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), client: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
);

interface Told {
  id: number;
  slot: number;
  atMs: number;
  what: string;
}

class Twin {
  readonly told: Told[] = [];
  /** In the order in which their slots, and then they, came. */
  held: { id: number; pending: Pending; sinceMs: number }[] = [];
  private readonly since = new Map<number, number>();
  private readonly owners: ReadonlyMap<number, Owner>;
  private pauseMs = 0;
  private pollAtMs = Infinity;
  private nowMs = 0;
  private isClosed = false;

  constructor(owners: ReadonlyMap<number, Owner>) {
    this.owners = owners;
  }

  hold(id: number, pending: Pending): void {
    const sinceMs = this.since.get(id) ?? this.nowMs;
    this.since.set(id, sinceMs);
    if (this.isClosed || this.held.length >= limits.heldOperationsMax)
      return this.tell({ id, pending }, 'unavailable');
    const end = this.endOf({ pending, sinceMs });
    if (end !== null) return this.tell({ id, pending }, end);
    if (!this.held.some((other) => other.pending.slot === pending.slot)) {
      this.pauseMs = limits.heldPollMs;
      this.arm();
    }
    this.held.push({ id, pending, sinceMs });
  }

  advance(untilMs: number): void {
    while (this.pollAtMs <= untilMs) {
      this.nowMs = this.pollAtMs;
      this.pollAtMs = Infinity;
      this.poll();
    }
    this.nowMs = untilMs;
  }

  close(): void {
    this.isClosed = true;
    this.pollAtMs = Infinity;
    for (const each of this.bySlot()) this.tell(each, 'unavailable');
    this.held = [];
  }

  private poll(): void {
    for (const each of this.bySlot()) {
      const end = this.endOf(each);
      if (end === null) continue;
      this.tell(each, end);
      this.held = this.held.filter((other) => other !== each);
    }
    for (const at of new Set(this.bySlot().map(({ pending }) => pending.slot))) {
      if ((this.owners.get(at) ?? 'nobody') === 'nobody') continue;
      const going = this.held.filter(({ pending }) => pending.slot === at);
      this.held = this.held.filter(({ pending }) => pending.slot !== at);
      for (const each of going) {
        this.tell(each, 'released');
        if (this.owners.get(at) === 'turns away') this.hold(each.id, each.pending);
      }
    }
    if (this.held.length > 0 && this.pollAtMs === Infinity) this.arm();
  }

  private arm(): void {
    this.pollAtMs = this.nowMs + this.pauseMs;
    this.pauseMs = Math.min(limits.heldPollMsMax, 1.5 * this.pauseMs);
  }

  private endOf({ pending, sinceMs }: { pending: Pending; sinceMs: number }): string | null {
    if (pending.client?.gone === true && !pending.sent) return 'abandoned';
    if (this.nowMs - sinceMs >= limits.heldMsMax) return 'unavailable';
    if (pending.deadlineAtMs - this.nowMs > limits.heldPollMsMax) return null;
    return pending.sent ? 'unknown' : 'unavailable';
  }

  private bySlot(): typeof this.held {
    const slots = [...new Set(this.held.map(({ pending }) => pending.slot))];
    return slots.flatMap((at) => this.held.filter(({ pending }) => pending.slot === at));
  }

  private tell({ id, pending }: { id: number; pending: Pending }, what: string): void {
    this.told.push({ id, slot: pending.slot, atMs: this.nowMs, what });
  }
}

function compare(steps: readonly Command[]): void {
  const clock = new ManualClock();
  const clients = [{ gone: false }, { gone: false }];
  const owners = new Map<number, Owner>();
  const told: Told[] = [];
  const twin = new Twin(owners);
  const ids = new Map<Pending, number>();
  const tell = (pending: Pending, what: string) =>
    void told.push({ id: ids.get(pending)!, slot: pending.slot, atMs: clock.nowMs(), what });
  const pen = new HoldingPen({
    clock,
    limits,
    seekOwner: (at, found) => (owners.get(at) ?? 'nobody') === 'nobody' || found(),
    release: (pending) => {
      tell(pending, 'released');
      if (owners.get(pending.slot) === 'turns away') pen.hold(pending);
    },
  });
  for (const [id, step] of steps.entries()) {
    if (step.kind === 'wait') {
      clock.advanceNow(step.ms);
      twin.advance(clock.nowMs());
    } else if (step.kind === 'owner') owners.set(step.slot, step.is);
    else if (step.kind === 'leave') clients[step.client]!.gone = true;
    else if (step.kind === 'close') {
      pen.close();
      twin.close();
    } else {
      const client = step.client === null ? null : clients[step.client]!;
      const pending: Pending = createPending(
        { kind: 'get', key: 'k' },
        step.slot,
        clock.nowMs() + step.deadlineMs,
        (outcome) => tell(pending, outcome.kind === 'failed' ? outcome.code : outcome.kind),
        client,
      );
      pending.sent = step.sent;
      ids.set(pending, id);
      pen.hold(pending);
      twin.hold(id, { ...pending });
    }
    expect(inOrder(told)).toEqual(inOrder(twin.told));
    expect(pen.size).toBe(twin.held.length);
    // No timer is left when nobody waits.
    expect(clock.pending).toBeLessThanOrEqual(1);
  }
}

/** What happens at one moment to several slots has no order. */
function inOrder(told: readonly Told[]): Told[] {
  return told.toSorted((a, b) => a.atMs - b.atMs || a.slot - b.slot);
}

test('a pen does what one does that looks at all it holds', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40, size: 'max' }), (steps) => compare(steps)),
    { numRuns: 300 },
  );
});
