/**
 * What time does to leases, on a real member and on a simulated one: the shortest lease that is granted, and the end of one
 * that nobody renews.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { etcdsOfThisRun } from '../support/etcd-releases.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';
import { describeResult, describeWatch, type Base } from './relative.ts';
import { contractLimits } from './requests.ts';
import { realSide, simulatedSide, type Side } from './side.ts';

const rpc = new GrpcEtcdRpc();
afterAll(() => rpc.close());

describe.for(etcdsOfThisRun(process.env))('etcd $version', ({ release, path }) => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await startRealEtcd({ binary: path, folder: memoryFolder });
  });
  afterAll(() => etcd?.stop());

  describe('real', () => {
    testLeases(() => realSide(rpc, etcd.endpoints[0]!));
  });
  describe('simulated', () => {
    testLeases(() => simulatedSide({ ...contractLimits, release }));
  });
});

function testLeases(openSide: () => Side): void {
  let side: Side;
  const value = new Uint8Array([1]);

  beforeAll(async () => {
    side = openSide();
    await side.call({ kind: 'range', key: 'ready' });
  });

  test('grants no lease shorter than two seconds', async () => {
    const granted = await side.call({ kind: 'lease_grant', id: 1, ttlSeconds: 1 });
    expect(granted).toMatchObject({ kind: 'reply', reply: { kind: 'lease_grant', id: 1, ttlSeconds: 2 } });
    expect(await side.call({ kind: 'lease_revoke', id: 1 })).toMatchObject({ kind: 'reply' });
  });

  test('deletes all keys of a lease that has run out, in one revision and in the order of their bytes', async () => {
    await side.call({ kind: 'lease_grant', id: 2, ttlSeconds: 5 });
    const keys = ['l/b', 'l/\u{1f600}', 'l/\uffff', 'l/a'];
    for (const key of keys) await side.call({ kind: 'put', key, value, lease: 2 });
    const last = await side.call({ kind: 'range', key: 'l/', rangeEnd: 'l0' });
    if (last.kind !== 'reply') throw new Error(JSON.stringify(last));
    const base: Base = { revision: last.reply.header!.revision, lease: 0 };
    const watch = await side.watch({ key: 'l/', rangeEnd: 'l0' });
    await watch.reached(base.revision + 1);
    watch.cancel();
    const deletion = (key: string): object => ({
      type: 'delete',
      kv: { key, value: '', create: 'none', mod: 1, version: 0, lease: 0 },
      prevKv: null,
    });
    expect(describeWatch(watch, base.revision + 1, base)).toEqual({
      created: 0,
      end: null,
      revisions: [['l/a', 'l/b', 'l/\uffff', 'l/\u{1f600}'].map(deletion)],
    });
    expect(describeResult(await side.call({ kind: 'lease_time_to_live', id: 2 }), base)).toMatchObject({
      left: -1,
      grantedTtlSeconds: 0,
    });
  });
}
