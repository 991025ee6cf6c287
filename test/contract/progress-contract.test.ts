// Who is told of progress: a watch from now on, and one that begins in the future.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { etcdsOfThisRun } from '../support/etcd-releases.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';
import { contractLimits } from './requests.ts';
import { realSide, simulatedSide } from './side.ts';

const watchProgressMs = 200;
const farRevision = 1_000_000;

const rpc = new GrpcEtcdRpc();
afterAll(() => rpc.close());

describe.for(etcdsOfThisRun(process.env))('etcd $version', ({ release, path }) => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    const flag = ['3.4', '3.5'].includes(release) ? 'experimental-watch-progress' : 'watch-progress';
    const flags = { [`${flag}-notify-interval`]: `${watchProgressMs}ms` };
    etcd = await startRealEtcd({ binary: path, flags, folder: memoryFolder });
  });
  afterAll(() => etcd?.stop());

  test('watches are told of progress alike, real and simulated', async () => {
    const told = [];
    for (const side of [
      realSide(rpc, etcd.endpoints[0]!),
      simulatedSide({ ...contractLimits, release, watchProgressMs }),
    ]) {
      await side.call({ kind: 'range', key: 'ready' });
      const future = await side.watch({ key: 'a', startRevision: farRevision, progressNotify: true });
      const silent = await side.watch({ key: 'a' });
      const present = await side.watch({ key: 'a', progressNotify: true });
      // By the third of the one, the others would have had their first.
      await present.progressed(3);
      told.push({ future: future.progressCount > 0, silent: silent.progressCount > 0 });
      for (const watch of [future, silent, present]) watch.cancel();
    }
    const [real, simulated] = told;
    expect(real).toMatchObject({ silent: false });
    expect(simulated).toEqual(real);
  });
});
