/** The progress of a long step: a line every so often, with how long the rest will take at this pace. */
const everyMs = 10_000;

/** @returns a function to call after each item. */
export function createProgress(title: string, total: number): (note?: string) => void {
  const startedAtMs = performance.now();
  let shownAtMs = startedAtMs;
  let done = 0;
  return (note = '') => {
    done++;
    const nowMs = performance.now();
    if (nowMs - shownAtMs < everyMs && done < total) return;
    shownAtMs = nowMs;
    const seconds = (nowMs - startedAtMs) / 1000;
    const left = (seconds * (total - done)) / done;
    process.stderr.write(
      `${title}: ${done} of ${total}, ${seconds.toFixed(0)} s, ${left.toFixed(0)} s left${note}\n`,
    );
  };
}
