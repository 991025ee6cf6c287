/** The kept list of mutants that are argued to change nothing that is promised: each block has a key and its reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Equivalent {
  /** `Mutant.key`. */
  key: string;
  reason: string;
}

const path = join(import.meta.dirname, '..', 'equivalent.txt');

export function readEquivalents(text = readFileSync(path, 'utf8')): Equivalent[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const found: Equivalent[] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (!line.startsWith(' ')) found.push({ key: line.trim(), reason: '' });
    else if (last !== undefined) last.reason = `${last.reason} ${line.trim()}`.trim();
    else throw new Error(`equivalent.txt: a reason without a mutant: ${line}`);
  }
  return found;
}
