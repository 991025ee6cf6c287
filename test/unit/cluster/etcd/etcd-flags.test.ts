import { expect, test } from 'vitest';
import { etcdFlags, type EtcdMemberPlace } from '../../../../cluster/etcd/etcd-flags.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';

const place: EtcdMemberPlace = {
  name: 'etcd-1-0',
  dataFolder: '/data/etcd-1-0',
  clientUrl: 'http://127.0.0.1:2001',
  peerUrl: 'http://127.0.0.1:2002',
  peers: [
    { name: 'etcd-1-0', peerUrl: 'http://127.0.0.1:2002' },
    { name: 'etcd-1-1', peerUrl: 'http://127.0.0.1:2004' },
  ],
  token: 'vase-etcd-1-abc',
  clusterState: 'new',
};

test('the flags say the place of the member and the settings of the topology', () => {
  const { etcd } = parseTopology({
    etcd: { heartbeatMs: 20, electionMs: 200, quota: '64Mi', compactionRetention: '30m', maxTxnOps: 256 },
  });
  expect(
    etcdFlags(place, etcd, new Set(['--pre-vote', '--logger', '--log-outputs', '--snapshot-count'])),
  ).toEqual([
    '--name=etcd-1-0',
    '--data-dir=/data/etcd-1-0',
    '--listen-client-urls=http://127.0.0.1:2001',
    '--advertise-client-urls=http://127.0.0.1:2001',
    '--listen-peer-urls=http://127.0.0.1:2002',
    '--initial-advertise-peer-urls=http://127.0.0.1:2002',
    '--initial-cluster=etcd-1-0=http://127.0.0.1:2002,etcd-1-1=http://127.0.0.1:2004',
    '--initial-cluster-token=vase-etcd-1-abc',
    '--initial-cluster-state=new',
    '--heartbeat-interval=20',
    '--election-timeout=200',
    '--quota-backend-bytes=67108864',
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=30m',
    '--max-txn-ops=256',
    '--max-request-bytes=1572864',
    '--pre-vote=true',
    '--snapshot-count=10000',
    '--logger=zap',
    '--log-outputs=stderr',
  ]);
});

test('a flag that this etcd does not know is left out', () => {
  const flags = etcdFlags(place, parseTopology({}).etcd, new Set(['--logger']));
  expect(flags).toContain('--logger=zap');
  expect(flags.join(' ')).not.toMatch(/--(pre-vote|snapshot-count|log-outputs)/);
});
