import { expect, test } from 'vitest';
import {
  decisionsOf,
  decodeAutoscaler,
  memoryOf,
  withDecision,
} from '../../../../../cluster/viewserver/leading/autoscaler-record.ts';

const memory = {
  quietUntilMs: 5,
  removedAtMs: null,
  calmNeeded: 8,
  brokenRates: [{ shards: 3, rate: 100, atMs: 7 }],
  addition: { shards: 3, rate: 100, p95Ms: 60, atMs: 7 },
};

test('what was decided is kept, bounded, with what is known', () => {
  let record = decodeAutoscaler(null);
  for (let index = 0; index < 100; index++)
    record = withDecision(record, { memory, decision: { kind: 'none', index } });
  expect(decisionsOf(record)).toHaveLength(64);
  expect(decisionsOf(record).at(-1)).toEqual({ kind: 'none', index: 99 });
  expect(memoryOf(record, { ...memory, calmNeeded: 4 })).toEqual(memory);
});

test('fields that are not known survive, and those that cannot be read are as if they were not there', () => {
  const raw = {
    format: 1,
    later: [1],
    memory: { later: 2, quietUntilMs: 'soon', brokenRates: [{ rate: 1 }, null] },
  };
  const record = decodeAutoscaler(raw);
  expect(memoryOf(record, memory)).toEqual({ ...memory, brokenRates: [], addition: null });
  expect(withDecision(record, { memory, decision: {} })).toMatchObject({ later: [1], memory: { later: 2 } });
  expect(() => decodeAutoscaler({ format: 2 })).toThrow('has format 2; this knows 1');
});
