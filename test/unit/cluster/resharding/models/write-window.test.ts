import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pause } from '../../../../../sharder/core/pause.ts';
import { WriteWindow } from '../../../../../cluster/resharding/write-window.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

interface Write {
  ms: number;
  fails: boolean;
}

interface Story {
  startedAtMs: number[];
  settledAtMs: number;
  /** The index of the write whose failure was told, or null. */
  failure: number | null;
}

// No two end at the same time.
const writes = fc
  .array(
    fc.record({
      ms: fc.integer({ min: 1, max: 40 }),
      fails: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
    { maxLength: 12 },
  )
  .map((all) => all.map((write, index) => ({ ...write, ms: write.ms + (index + 1) / 1024 })));

async function real(placesMax: number, all: readonly Write[]): Promise<Story> {
  const clock = new ManualClock();
  const window = new WriteWindow(placesMax);
  const story: Story = { startedAtMs: [], settledAtMs: -1, failure: null };
  const run = async () => {
    try {
      for (const [index, { ms, fails }] of all.entries()) {
        await window.start(async () => {
          story.startedAtMs.push(clock.nowMs());
          await pause(clock, ms);
          if (fails) throw new Error(String(index));
        });
      }
    } catch {
      // Told once more below.
    }
    await window.settled();
    story.settledAtMs = clock.nowMs();
    try {
      window.check();
    } catch (error) {
      story.failure = Number((error as Error).message);
    }
  };
  void run();
  await clock.advance(10_000);
  return story;
}

/** The twin: looks at all that was started whenever it wants to know something. */
function twin(placesMax: number, all: readonly Write[]): Story {
  const ends: { atMs: number; index: number; fails: boolean }[] = [];
  const startedAtMs: number[] = [];
  let nowMs = 0;
  for (const [index, { ms, fails }] of all.entries()) {
    const open = () => ends.filter(({ atMs }) => atMs > nowMs);
    while (open().length >= placesMax) nowMs = Math.min(...open().map(({ atMs }) => atMs));
    if (ends.some((end) => end.fails && end.atMs <= nowMs)) break;
    startedAtMs.push(nowMs);
    ends.push({ atMs: nowMs + ms, index, fails });
  }
  const first = ends.filter((end) => end.fails).toSorted((a, b) => a.atMs - b.atMs)[0];
  return {
    startedAtMs,
    settledAtMs: Math.max(nowMs, ...ends.map(({ atMs }) => atMs)),
    failure: first?.index ?? null,
  };
}

test('so many are under way at most, none is started after a failure, and the first failure is told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), writes, async (placesMax, all) => {
      expect(await real(placesMax, all)).toEqual(twin(placesMax, all));
    }),
  );
});
