/** The ports Clock and Random of a real process. */
import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './core/ports.ts';

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  schedule(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = { nextUint32: () => randomBytes(4).readUInt32LE() };
