// A member is reached directly, whatever proxies the user's environment names: gRPC takes them unless it is told not to.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { memoryFolder, type RealEtcd, startRealEtcd } from '../support/real-etcd.ts';

/** Nothing listens there. */
const dead = 'http://127.0.0.1:9';

let etcd: RealEtcd;
beforeAll(async () => {
  etcd = await startRealEtcd({ folder: memoryFolder });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await etcd.stop();
});

test.each(['grpc_proxy', 'http_proxy', 'https_proxy'])('with %s set', async (name) => {
  vi.stubEnv(name, dead);
  const rpc = new GrpcEtcdRpc();
  try {
    const result = await rpc.call(etcd.endpoints[0]!, { kind: 'range', key: 'a' }, { deadlineMs: 10_000 });
    expect(result).toMatchObject({ kind: 'reply' });
  } finally {
    rpc.close();
    vi.unstubAllEnvs();
  }
});
