// What a member answers that has reached its quota and raised the alarm, a real one and a simulated one of each release.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EtcdRequest, RequestOp } from '../../sharder/core/etcd-messages.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { etcdsOfThisRun } from '../support/etcd-releases.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';
import { describeResult } from './relative.ts';
import { contractLimits } from './requests.ts';
import { realSide, type Side, simulatedSide } from './side.ts';

const roomBytes = 1_000_000;
const filling = new Uint8Array(3_500);
/** The first ones may have been applied all the same; then the alarm is raised. */
const refusedInARow = 10;

const put: RequestOp = { kind: 'put', key: 'new', value: new Uint8Array([1]) };
const range: RequestOp = { kind: 'range', key: 'none' };
const txn = (
  success: readonly RequestOp[],
  failure: readonly RequestOp[] = [],
): RequestOp & { kind: 'txn' } => ({
  kind: 'txn',
  compare: [],
  success,
  failure,
});
const asked: Record<string, EtcdRequest> = {
  'a put': put,
  // What is smaller than the last that was refused may still pass the quota, and be looked at.
  'a put without a key': { ...put, key: '', value: new Uint8Array(2 * filling.length) },
  'a put with an unknown lease': { ...put, lease: 99 },
  'a put that is too large': { ...put, value: new Uint8Array(contractLimits.maxRequestBytes + 1) },
  'a transaction with a put': txn([put]),
  'a transaction with a put in the branch that is not taken': txn([range], [put]),
  'a transaction with a nested put': txn([txn([put])]),
  'a transaction of a range and a deletion': txn([range, { kind: 'delete_range', key: 'none' }]),
  'a range': range,
  'a deletion': { kind: 'delete_range', key: 'none' },
  'a lease': { kind: 'lease_grant', id: 2, ttlSeconds: 60 },
  'a renewal': { kind: 'lease_keep_alive', id: 1 },
  'a revocation': { kind: 'lease_revoke', id: 1 },
  'a compaction': { kind: 'compact', revision: 2, physical: true },
  status: { kind: 'status' },
};

const rpc = new GrpcEtcdRpc();
afterAll(() => rpc.close());

describe.for(etcdsOfThisRun(process.env))('etcd $version', ({ release, path }) => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    const flags = {
      'quota-backend-bytes': String(roomBytes),
      'max-request-bytes': String(contractLimits.maxRequestBytes),
    };
    etcd = await startRealEtcd({ binary: path, flags, folder: memoryFolder });
  });
  afterAll(() => etcd?.stop());

  test('a full shard answers alike, real and simulated', async () => {
    const told = [];
    for (const side of [
      realSide(rpc, etcd.endpoints[0]!),
      simulatedSide({ ...contractLimits, release, roomBytes }),
    ]) {
      await side.call({ kind: 'range', key: 'ready' });
      await side.call({ kind: 'lease_grant', id: 1, ttlSeconds: 60 });
      const revision = await fill(side);
      const answers: Record<string, unknown> = {};
      for (const [name, request] of Object.entries(asked))
        answers[name] = describeResult(await side.call(request), { revision, lease: 0 });
      told.push(answers);
    }
    const [real, simulated] = told;
    expect(real).toMatchObject({ 'a put': { lost: 'etcdserver: mvcc: database space exceeded' } });
    expect(simulated).toEqual(real);
  });
});

/** @returns the revision at which nothing fits any more. */
async function fill(side: Side): Promise<number> {
  let refused = 0;
  for (let at = 0; refused < refusedInARow; at++) {
    const result = await side.call({ kind: 'put', key: `fill ${at}`, value: filling });
    refused = result.kind === 'reply' ? 0 : refused + 1;
  }
  const result = await side.call({ kind: 'range', key: 'ready' });
  if (result.kind !== 'reply') throw new Error(JSON.stringify(result));
  return result.reply.header!.revision;
}
