/** A pause on the clock of the world that the code runs in. */
import type { Clock } from './ports.ts';

export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(delayMs, resolve));
}
