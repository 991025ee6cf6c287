// Odd answers as a client of the simulated member gets them: what the port makes of the same answer of a real etcd, and with
// or without an effect as there.
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import type { EtcdRequest } from '../../../../sharder/core/etcd-messages.ts';
import { classifyGrpcError } from '../../../../sharder/etcd/grpc-errors.ts';
import { type OddAnswerName, oddAnswerNames } from '../../../../sim/etcd/odd-answers.ts';
import { RandomStream } from '../../../../sim/kernel/random-stream.ts';
import { ClusterDriver } from '../cluster-driver.ts';

const value = new Uint8Array([1]);
const put: EtcdRequest = { kind: 'put', key: 'a', value };
const read: EtcdRequest = { kind: 'range', key: 'old', rangeEnd: 'p' };
const remove: EtcdRequest = { kind: 'delete_range', key: 'old 1' };

const error = (code: status, details: string): ServiceError =>
  Object.assign(new Error(details), { code, details, metadata: new Metadata() });

/** What a real member sends (its rpctypes, or the client's own bound), what is asked, and whether it is carried out. */
const real: Record<
  Exclude<OddAnswerName, 'late'>,
  [code: status, details: string, asked: EtcdRequest, isApplied: boolean, spared: EtcdRequest | null]
> = {
  too_many_requests: [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', put, false, read],
  not_capable: [status.FAILED_PRECONDITION, 'etcdserver: not capable', put, false, null],
  request_too_large: [status.INVALID_ARGUMENT, 'etcdserver: request is too large', put, false, read],
  no_space: [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', put, false, remove],
  no_space_applied: [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', put, true, read],
  leader_changed: [status.UNAVAILABLE, 'etcdserver: leader changed', read, false, put],
  timed_out: [status.UNAVAILABLE, 'etcdserver: request timed out', put, false, { kind: 'status' }],
  timed_out_applied: [status.UNAVAILABLE, 'etcdserver: request timed out', put, true, read],
  reply_too_large: [status.RESOURCE_EXHAUSTED, 'Received message larger than max', read, false, put],
};

async function openCluster(answer: OddAnswerName, percent: number, delayMs = 1): Promise<ClusterDriver> {
  const driver = new ClusterDriver({ members: 1 });
  await driver.leader();
  for (const key of ['old 1', 'old 2']) await driver.put(0, key);
  const random = new RandomStream(1, 'odd');
  driver.cluster.member(0).oddAnswers.begin({ answer, percent, delayMs, random });
  return driver;
}

test.each(Object.entries(real))(
  '%s is what the port makes of it',
  async (name, [code, details, asked, isApplied, spared]) => {
    const driver = await openCluster(name as OddAnswerName, 100);
    const { store } = driver.cluster.member(0).machine;
    const before = store.revision;
    expect(await driver.call(0, asked)).toEqual(classifyGrpcError(error(code, details)));
    expect(store.revision).toBe(before + (isApplied ? 1 : 0));
    expect(driver.world.counters.oddAnswers).toEqual({ [name]: 1 });
    if (spared !== null) expect(await driver.call(0, spared)).toMatchObject({ kind: 'reply' });
    driver.cluster.member(0).oddAnswers.end();
    expect(await driver.call(0, asked)).toMatchObject({ kind: 'reply' });
  },
);

test('a late answer comes after its time, with its effect', async () => {
  const driver = await openCluster('late', 100, 500);
  const { store } = driver.cluster.member(0).machine;
  const before = store.revision;
  const startedMs = driver.world.nowMs;
  expect(await driver.call(0, put)).toMatchObject({ kind: 'reply' });
  expect(driver.world.nowMs - startedMs).toBeGreaterThanOrEqual(500);
  expect(await driver.call(0, put, 400)).toMatchObject({ kind: 'lost', cause: 'deadline' });
  expect(store.revision).toBe(before + 2);
});

test('one value is never too large for a client', async () => {
  const driver = await openCluster('reply_too_large', 100);
  expect(await driver.get(0, 'old 1')).toBe('value');
});

test('a share of the requests is answered so', async () => {
  const driver = await openCluster('timed_out', 50);
  for (let at = 0; at < 100; at++) await driver.put(0, 'a');
  const given = driver.world.counters.oddAnswers['timed_out'];
  expect(given).toBeGreaterThan(25);
  expect(given).toBeLessThan(75);
});

test('each is tried here', () => {
  expect([...Object.keys(real), 'late'].toSorted()).toEqual(oddAnswerNames.toSorted());
});
