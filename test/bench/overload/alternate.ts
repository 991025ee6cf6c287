/** The same streams without and with a disturbance, in turns: what the disturbance costs those beside it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult, OpenLoad } from './load-messages.ts';
import { openMax, type Settings } from './part.ts';
import { pool, type Pooled } from './pooled.ts';
import { runLoad } from './run-load.ts';

export interface Condition {
  name: string;
  streams: OpenLoad['streams'];
  /** Brings the disturbance about; what it returns undoes it. */
  begin?: () => () => void;
}

const settleMs = 2000;

/** What the stream of that name met under each condition, in the conditions' order. */
export async function alternate(
  { rounds, seconds, warmSeconds, say }: Settings,
  { url, stream, conditions }: { url: string; stream: string; conditions: readonly Condition[] },
): Promise<Pooled[]> {
  const results = conditions.map((): LoadResult[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < conditions.length; turn++) {
      const index = (turn + round) % conditions.length;
      const { name, streams, begin } = conditions[index]!;
      const undo = begin?.();
      try {
        const order = { url, warmSeconds, seconds, openMax, load: { kind: 'open' as const, streams } };
        const result = await runLoad(order);
        results[index]!.push(result);
        const { p99Ms, goodPerSecond } = pool([result], stream, seconds);
        say(
          `  round ${round + 1} of ${rounds}: ${name}: ${goodPerSecond.toFixed(0)}/s in time, p99 ${p99Ms.toFixed(0)} ms`,
        );
      } finally {
        undo?.();
      }
      await delay(settleMs);
    }
  }
  return results.map((list) => pool(list, stream, seconds));
}
