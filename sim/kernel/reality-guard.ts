/**
 * Makes the ways by which the real world could enter a run throw: clocks, timers and randomness. The guard is in place during
 * a run, and the originals come back afterwards. Timers that were started before go on. The guard cannot reach a function that
 * a module took out of these objects when it was loaded (`import { randomUUID } from 'node:crypto'`): the two runs of each
 * seed catch that.
 */
import crypto from 'node:crypto';

interface Forbidden {
  owner: object;
  name: string;
}

const forbidden: readonly Forbidden[] = [
  { owner: Date, name: 'now' },
  { owner: performance, name: 'now' },
  { owner: Math, name: 'random' },
  { owner: globalThis, name: 'setTimeout' },
  { owner: globalThis, name: 'setInterval' },
  { owner: globalThis, name: 'setImmediate' },
  { owner: globalThis.crypto, name: 'randomUUID' },
  { owner: globalThis.crypto, name: 'getRandomValues' },
  { owner: crypto, name: 'randomUUID' },
  { owner: crypto, name: 'randomBytes' },
  { owner: process, name: 'hrtime' },
];

let isGuarded = false;

/** @returns a function that takes the guard away again. One run at a time: there is one set of globals. */
export function guardAgainstReality(): () => void {
  if (isGuarded) throw new Error('reality guard: two worlds run at the same time in one process');
  isGuarded = true;
  const originals = forbidden.map(({ owner, name }) => Object.getOwnPropertyDescriptor(owner, name));
  for (const { owner, name } of forbidden) {
    const refuse = (): never => {
      throw new Error(`${name} was called during a simulated run: use the ports`);
    };
    // process.hrtime.bigint is a property of the function that this replaces.
    const value = Object.assign(refuse, { bigint: refuse });
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
  return () => {
    isGuarded = false;
    for (const [at, { owner, name }] of forbidden.entries()) {
      const original = originals[at];
      // Deleting the replacement uncovers the inherited property again.
      if (original === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, original);
    }
  };
}
