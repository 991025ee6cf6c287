import { expect, test } from 'vitest';
import { exitCodeOf, type Property } from '../../../../../sim/run/properties/violations.ts';

const exitCode = (...properties: Property[]) =>
  exitCodeOf(properties.map((property) => ({ property, message: '' })));

test.each<[Property[], number]>([
  [[], 0],
  [['mover_crash'], 1],
  [['liveness'], 3],
  [['deadline'], 3],
  [['available'], 3],
  [['vacuous'], 3],
  [['linearizable'], 4],
  [['ownership'], 4],
  [['bounds'], 4],
  [['deterministic'], 5],
  [['unknown'], 6],
  [['unknown', 'liveness'], 3],
  [['deadline', 'linearizable', 'unknown'], 4],
  [['linearizable', 'deterministic'], 5],
])('a run that breaks %j exits with %d', (properties, code) => {
  expect(exitCode(...properties)).toBe(code);
});
