/** The keys of a run. */
import type { Scenario } from './scenario.ts';

const keyBytesMax = 1024;

/** The name of the key of this number. */
export function keyName(number: number, { tags, keyStyle }: Scenario['workload']): string {
  const plain = tags === 0 ? `k${number}` : `{t${number % tags}}k${number}`;
  if (keyStyle === 'plain') return plain;
  switch (number % 4) {
    case 1:
      return tags === 0 ? String.fromCharCode(65 + (number % 26)) : plain;
    case 2:
      return plain.padEnd(keyBytesMax, '.');
    case 3:
      return `${plain}\u20ac~`;
    default:
      return plain;
  }
}

/** All keys of the run. */
export function keyNames(workload: Scenario['workload']): string[] {
  return Array.from({ length: workload.keys }, (_, number) => keyName(number, workload));
}

/** The key as reports show it to people. */
export function shownKey(key: string): string {
  return key.length > 40 ? `${key.slice(0, 20)}... (${key.length} characters)` : key;
}
