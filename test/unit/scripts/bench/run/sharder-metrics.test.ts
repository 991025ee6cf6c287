import { expect, test } from 'vitest';
import { batchesBetween, parseBatches } from '../../../../../scripts/bench/run/sharder-metrics.ts';

const metrics = (factor: number) => `
# TYPE vase_batch_operations histogram
vase_batch_operations_bucket{le="1",shard="1",lane="read"} ${2 * factor}
vase_batch_operations_sum{shard="1",lane="read"} ${30 * factor}
vase_batch_operations_count{shard="1",lane="read"} ${10 * factor}
vase_batch_operations_sum{shard="1",lane="write"} ${4 * factor}
vase_batch_operations_count{shard="1",lane="write"} ${4 * factor}
vase_batch_operations_sum{shard="2",lane="write"} ${20 * factor}
vase_batch_operations_count{shard="2",lane="write"} ${4 * factor}
vase_etcd_call_duration_seconds_count{shard="1",lane="read",outcome="ok"} 99
`;

test('operations per shard and the mean batch are those between the two readings', () => {
  expect(batchesBetween(parseBatches(metrics(1)), parseBatches(metrics(3)))).toEqual({
    operationsPerShard: { 'etcd-1': 68, 'etcd-2': 40 },
    reads: 3,
    writes: 3,
  });
});

test('without batches there is no mean', () => {
  expect(batchesBetween(parseBatches(metrics(1)), parseBatches(metrics(1)))).toMatchObject({
    reads: null,
    writes: null,
  });
  expect(batchesBetween(new Map(), new Map())).toEqual({ operationsPerShard: {}, reads: null, writes: null });
});
