/**
 * When a process that has ended is started again: after a pause that doubles with each end, and is short again once the
 * process has run for a while. The facts about a process are a plain value; no function here reads a clock.
 */

const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** A process that has run for this long gets the first pause again. */
const steadyMs = 120_000;

export interface RestartPause {
  /** Consecutive starts that were tried and did not last. */
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

/** A start was tried, with or without success; where it failed, `whenEnded` says when the next is due. */
export function whenTried(pause: RestartPause, nowMs: number): RestartPause {
  return { tries: pause.tries + 1, triedAtMs: nowMs, dueAtMs: null };
}
