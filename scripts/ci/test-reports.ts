/** The paths of vitest's JSON reports: one for each lane. */
import { join } from 'node:path';
import { checkout } from '../context/places.ts';
import type { LaneName, TestSet } from './test-sets.ts';

export const reportsFolder = join(checkout, 'node_modules', '.cache', 'vase-tests');

export function reportOf(set: TestSet, lane: LaneName): string {
  return join(reportsFolder, `${set}-${lane}.json`);
}
