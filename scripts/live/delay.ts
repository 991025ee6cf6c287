/** A pause that an abort ends early, without an error: the caller then checks the signal. */
import { setTimeout as sleep } from 'node:timers/promises';

export async function delay(durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(durationMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
