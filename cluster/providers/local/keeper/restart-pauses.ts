/**
 * When a process that has ended is started again: after a pause that doubles with each end, and is short again once the
 * process has run for a while. What is known of a process is a plain value; nothing here looks at a clock.
 */

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** A process that has run for so long gets the first pause again. */
const steadyMs = 120_000;

export interface RestartPause {
  /** Starts that were tried and did not last, one after the other. */
  tries: number;
  /** When the last start was tried; null: not yet. */
  triedAtMs: number | null;
  /** When the next one is due; null while the process runs. */
  dueAtMs: number | null;
}

export const noPause: RestartPause = { tries: 0, triedAtMs: null, dueAtMs: null };

/** The process runs. */
export function whenRunning(pause: RestartPause, nowMs: number): RestartPause {
  const isSteady = pause.triedAtMs === null || nowMs - pause.triedAtMs >= steadyMs;
  return isSteady ? noPause : { ...pause, dueAtMs: null };
}

/** The process has ended, although it should run. */
export function whenEnded(pause: RestartPause, nowMs: number): RestartPause {
  if (pause.dueAtMs !== null) return pause;
  const { tries } = whenRunning(pause, nowMs);
  return { ...pause, tries, dueAtMs: nowMs + Math.min(longestPauseMs, firstPauseMs * 2 ** tries) };
}

/** A start was tried, whatever came of it; where it failed, `whenEnded` says when the next is due. */
export function whenTried(pause: RestartPause, nowMs: number): RestartPause {
  return { tries: pause.tries + 1, triedAtMs: nowMs, dueAtMs: null };
}
