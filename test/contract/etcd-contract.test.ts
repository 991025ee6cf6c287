/**
 * The contract of the simulated member: whatever a client of one etcd member may ask, it answers as the etcd of its release
 * does. Every command goes to both through the same port, and every answer is compared.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { etcdsOfThisRun } from '../support/etcd-releases.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';
import { contractLimits } from './requests.ts';
import { compareSequences, Run, Seen } from './sequence.ts';
import { realSide, simulatedSide } from './side.ts';

/** Of each release. */
const sequences = 2_200;
const mustBeSeen = `range put delete_range txn compact status lease_grant lease_revoke lease_keep_alive
  lease_time_to_live compacted future_revision duplicate_key too_many_operations empty_key request_too_large
  lease_not_found lease_exists lease_ttl_too_large watch watch_ended watched_revision`.split(/\s+/);

/** Sequences run side by side, each on a pair of its own: most of their time is spent waiting for etcd. */
const pairsCount = 4;

const rpc = new GrpcEtcdRpc();
afterAll(() => rpc.close());

describe.for(etcdsOfThisRun(process.env))('etcd $version', ({ release, version, path }) => {
  let etcds: readonly RealEtcd[] = [];
  let leases = 0;
  const openSides = (etcd: RealEtcd) => ({
    simulated: simulatedSide({ ...contractLimits, release }),
    real: realSide(rpc, etcd.endpoints[0]!),
  });

  beforeAll(async () => {
    const flags = {
      'max-txn-ops': String(contractLimits.maxTxnOps),
      'max-request-bytes': String(contractLimits.maxRequestBytes),
    };
    const options = { binary: path, flags, folder: memoryFolder };
    etcds = await Promise.all(Array.from({ length: pairsCount }, () => startRealEtcd(options)));
  });

  afterAll(async () => {
    await Promise.all(etcds.map((etcd) => etcd.stop()));
  });

  test('says its version', async () => {
    for (const side of Object.values(openSides(etcds[0]!))) {
      await side.call({ kind: 'range', key: 'ready' });
      const status = await side.call({ kind: 'status' });
      if (status.kind !== 'reply' || status.reply.kind !== 'status') throw new Error(JSON.stringify(status));
      expect(status.reply.version.startsWith(`${release}.`), `${side.name}: ${status.reply.version}`).toBe(
        true,
      );
    }
  });

  test(`the simulated member of ${release} answers ${sequences} command sequences as ${version} does`, async () => {
    const seen = new Seen();
    const numRuns = Math.ceil(sequences / pairsCount);
    const nextLease = () => ++leases * 100;
    await Promise.all(etcds.map((etcd) => compareSequences(openSides(etcd), { numRuns, nextLease, seen })));
    for (const kind of mustBeSeen) expect(seen.counts.get(kind) ?? 0, kind).toBeGreaterThan(20);
  });

  test('keys alone tell their leases as the release has it', async () => {
    const told: unknown[] = [];
    for (const side of Object.values(openSides(etcds[0]!))) {
      await side.call({ kind: 'range', key: 'ready' });
      const run = new Run(side);
      await run.begin(++leases * 100);
      await run.ask({ kind: 'put', key: 'a', value: new Uint8Array([1]), lease: 1 });
      const byValue = { target: 'value', order: 'ascend' } as const;
      told.push([
        await run.ask({ kind: 'range', key: 'a' }),
        await run.ask({ kind: 'range', key: 'a', keysOnly: true }),
        await run.ask({ kind: 'range', key: 'a', keysOnly: true, sort: byValue }),
      ]);
      await run.finish();
    }
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject([
      { kvs: [{ lease: 1 }] },
      { kvs: [{ value: '' }] },
      { kvs: [{ lease: 1 }] },
    ]);
  });

  test('a watch from a compacted revision sees all of it, its deletions as the release has it', async () => {
    const told: unknown[] = [];
    for (const side of Object.values(openSides(etcds[0]!))) {
      await side.call({ kind: 'range', key: 'ready' });
      const run = new Run(side);
      await run.begin(++leases * 100);
      await run.ask({ kind: 'put', key: 'a', value: new Uint8Array([1]) });
      await run.ask({ kind: 'delete_range', key: 'a' });
      await run.ask({ kind: 'compact', revision: 3, physical: true });
      await run.openWatch({ key: 'a', startRevision: 3 });
      await run.ask({ kind: 'put', key: 'a', value: new Uint8Array([2]) });
      told.push(await run.finish());
    }
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject([{ end: null }]);
  });
});
