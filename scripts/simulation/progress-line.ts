/** Shows the progress of a long simulator run: one line that is rewritten on a terminal, a line every ten seconds elsewhere. */
import type { Progress } from '../../sim/run/search-failure.ts';

const plainEveryMs = 10_000;
const terminalEveryMs = 200;

export interface ProgressLine {
  show: (progress: Progress) => void;
  end: () => void;
}

/** @param title the text in front. @param runs the number of runs. */
export function createProgressLine(title: string, runs: number): ProgressLine {
  const isTerminal = process.stderr.isTTY;
  const startedAtMs = performance.now();
  let shownAtMs = startedAtMs;
  return {
    show: (progress) => {
      const nowMs = performance.now();
      if (nowMs - shownAtMs < (isTerminal ? terminalEveryMs : plainEveryMs)) return;
      shownAtMs = nowMs;
      const seconds = (nowMs - startedAtMs) / 1000;
      const left = Math.max(0, (seconds * (runs - progress.runs)) / Math.max(progress.runs, 1));
      const text = `${title}: ${progress.runs} of ${runs} runs, ${progress.operations.ok} operations ok, ${seconds.toFixed(0)} s, ${left.toFixed(0)} s left`;
      process.stderr.write(isTerminal ? `\r${text}\u001b[K` : `${text}\n`);
    },
    end: () => {
      if (isTerminal) process.stderr.write('\r\u001b[K');
    },
  };
}
