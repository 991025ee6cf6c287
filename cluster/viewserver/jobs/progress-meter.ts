/** The progress of all moves together since the first of them began: slots, keys, bytes, rate and the time left. */
import type { Cancel, Clock } from '../../../sharder/core/ports.ts';
import type { MoveRecord, View } from '../../../sharder/core/view.ts';
import type { MoveProgress } from '../../resharding/plan/move-plan.ts';

const sampleMs = 200;
/** The rate is taken over so many samples. */
const samplesMax = 15;

export interface Progress {
  slotsTotal: number;
  slotsMoved: number;
  keysCopied: number;
  bytesCopied: number;
  keysPerSecond: number;
  /** Null while nothing can be said. */
  secondsLeft: number | null;
}

export interface Sample {
  atMs: number;
  keys: number;
}

export class ProgressMeter {
  private readonly clock: Clock;
  private readonly readMoves: () => readonly MoveProgress[];
  /** What was last seen of every move since the last time without moves; moves that were undone are left out. */
  private readonly seen = new Map<string, { slots: number; keys: number; bytes: number }>();
  private inView = new Map<string, MoveRecord>();
  private samples: Sample[] = [];
  private startedMs = 0;
  private cancel: Cancel = () => undefined;

  constructor(options: { clock: Clock; readMoves: () => readonly MoveProgress[] }) {
    this.clock = options.clock;
    this.readMoves = options.readMoves;
  }

  learn(view: View): void {
    if (this.inView.size === 0 && view.moves.length > 0) {
      this.seen.clear();
      this.samples = [];
      this.startedMs = this.clock.nowMs();
    }
    const moves = new Map(view.moves.map((move) => [move.id, move]));
    for (const [id, { slots, from }] of this.inView)
      if (!moves.has(id) && slots.every((slot) => view.slots[slot] === from)) this.seen.delete(id);
    this.inView = moves;
    for (const { id, slots } of view.moves)
      if (!this.seen.has(id)) this.seen.set(id, { slots: slots.length, keys: 0, bytes: 0 });
    this.cancel();
    if (view.moves.length > 0) this.sample();
  }

  stop(): void {
    this.cancel();
  }

  get progress(): Progress {
    this.look();
    const all = [...this.seen];
    const sum = (value: (move: { slots: number; keys: number; bytes: number }) => number) =>
      all.reduce((total, [, move]) => total + value(move), 0);
    const slotsTotal = sum(({ slots }) => slots);
    const slotsLeft = all.reduce((left, [id, { slots }]) => left + (this.inView.has(id) ? slots : 0), 0);
    const slotsMoved = slotsTotal - slotsLeft;
    const elapsedMs = this.clock.nowMs() - this.startedMs;
    return {
      slotsTotal,
      slotsMoved,
      keysCopied: sum(({ keys }) => keys),
      bytesCopied: sum(({ bytes }) => bytes),
      keysPerSecond: this.inView.size === 0 ? 0 : rateOf(this.samples),
      secondsLeft:
        slotsLeft === 0
          ? 0
          : slotsMoved === 0
            ? null
            : Math.ceil((elapsedMs * slotsLeft) / slotsMoved / 1000),
    };
  }

  private sample(): void {
    this.look();
    const keys = [...this.seen.values()].reduce((total, move) => total + move.keys, 0);
    this.samples.push({ atMs: this.clock.nowMs(), keys });
    if (this.samples.length > samplesMax) this.samples.shift();
    this.cancel = this.clock.schedule(sampleMs, () => this.sample());
  }

  private look(): void {
    for (const { id, slots, keysCopied, bytesCopied } of this.readMoves())
      if (this.seen.has(id)) this.seen.set(id, { slots: slots.length, keys: keysCopied, bytes: bytesCopied });
  }
}

/** Keys per second over the samples, rounded. */
function rateOf(samples: readonly Sample[]): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
  return Math.round(Math.max(0, ((last.keys - first.keys) * 1000) / (last.atMs - first.atMs)));
}
