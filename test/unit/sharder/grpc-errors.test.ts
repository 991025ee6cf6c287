import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { classifyGrpcError } from '../../../sharder/etcd/grpc-errors.ts';

const error = (code: status, details: string): ServiceError =>
  Object.assign(new Error(details), { code, details, metadata: new Metadata() });

test.each([
  [status.INVALID_ARGUMENT, 'etcdserver: duplicate key given in txn request', 'duplicate_key'],
  [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'request_too_large'],
  [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
  [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'too_many_requests'],
  [status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max (3 vs. 2)', 'request_too_large'],
  [status.FAILED_PRECONDITION, 'etcdserver: not capable', 'unfit_member'],
  [status.FAILED_PRECONDITION, 'etcdserver: rpc not supported for learner', 'unfit_member'],
  [status.DATA_LOSS, 'etcdserver: corrupt cluster', 'corrupt'],
  [status.PERMISSION_DENIED, 'etcdserver: permission denied', 'other_definite'],
])('%i "%s" proves that nothing was applied', (code, details, expected) => {
  expect(classifyGrpcError(error(code, details))).toMatchObject({ kind: 'refused', code: expected });
});

test.each([
  [status.UNAVAILABLE, 'etcdserver: request timed out'],
  [status.UNAVAILABLE, 'etcdserver: leader changed'],
  [status.UNAVAILABLE, 'Connection dropped'],
  [status.UNKNOWN, 'anything'],
  [status.DATA_LOSS, 'anything'],
  [status.CANCELLED, 'Call cancelled'],
  [status.INTERNAL, 'Received RST_STREAM with code 2'],
  // Applied and refused at once: see grpc-errors.ts.
  [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded'],
])('%i "%s" leaves open whether it was applied', (code, details) => {
  expect(classifyGrpcError(error(code, details)).kind).toBe('lost');
});

test('a shard that is full is told apart, and may have applied the write', () => {
  const full = error(status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded');
  expect(classifyGrpcError(full)).toMatchObject({ kind: 'lost', cause: 'no_space' });
});

test('a deadline and a reply over the bound are told apart', () => {
  expect(classifyGrpcError(error(status.DEADLINE_EXCEEDED, 'Deadline exceeded'))).toMatchObject({
    cause: 'deadline',
  });
  const large = error(status.RESOURCE_EXHAUSTED, 'Received message larger than max (9 vs 8)');
  expect(classifyGrpcError(large)).toMatchObject({ kind: 'lost', cause: 'reply_too_large' });
});
