/**
 * Loaded with `node --import` before anything else: puts a probe at every mutant, by its number, and counts. A count stops at
 * 255. Probes counted before the first `reset` ran while the modules were loaded.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { differName, instrument, reachName } from '../syntax/instrument.ts';
import { checkout, mutantsOfRooms } from '../syntax/rooms.ts';

const mutants = mutantsOfRooms();
export const reached = new Uint8ClampedArray(mutants.length);
export const differed = new Uint8ClampedArray(mutants.length);

const byUrl = new Map<string, { mutant: (typeof mutants)[number]; number: number }[]>();
for (const [number, mutant] of mutants.entries()) {
  const url = pathToFileURL(join(checkout, mutant.file)).href;
  const numbered = byUrl.get(url) ?? [];
  byUrl.set(url, [...numbered, { mutant, number }]);
}

Object.assign(globalThis, {
  [reachName]: (number: number) => {
    reached[number]!++;
    differed[number]!++;
  },
  [differName]: (number: number, value: unknown, alternative: () => unknown) => {
    reached[number]!++;
    if (differed[number]! < 255 && isAnother(value, alternative)) differed[number]!++;
    return value;
  },
});

function isAnother(value: unknown, alternative: () => unknown): boolean {
  try {
    return !Object.is(value, alternative());
  } catch {
    return true;
  }
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const numbered = byUrl.get(url);
    if (numbered === undefined) return loaded;
    return { ...loaded, source: instrument(Buffer.from(loaded.source as Uint8Array).toString(), numbered) };
  },
});
