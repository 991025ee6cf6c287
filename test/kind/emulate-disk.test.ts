// The emulated disk of pods, in a bare container of the node's image: real control groups, laid out as Kubernetes does.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskProfile } from '../../cluster/disk/disk-profile.ts';
import { emulateDisks, findUncapped } from '../../cluster/providers/kind/emulate-disk.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { missingImage } from '../support/docker-image.ts';

const image = process.env['VASE_NODE_IMAGE'] || parseTopology({}).images.node;
const missing = await missingImage(image, 'VASE_NODE_IMAGE');
const node = `vase-disk-${randomUUID().slice(0, 8)}`;
const uid = randomUUID();
const pods = [{ name: 'etcd-1-0', uid, node }];
const disk = diskProfile('pd-ssd:1Gi');

/** Version 2 as systemd lays it out, with no process in the root; version 1 as kubelet's own driver does. */
const layOut = `
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir /sys/fs/cgroup/init
  for pid in $(cat /sys/fs/cgroup/cgroup.procs); do echo $pid >/sys/fs/cgroup/init/cgroup.procs; done
  group=/sys/fs/cgroup/kubelet.slice/kubelet-kubepods-pod$(echo ${uid} | tr - _).slice/container.scope
else
  group=/sys/fs/cgroup/blkio/kubelet/kubepods/burstable/pod${uid}/container
fi
mkdir -p $group
ln -s $group /group`;

const syncs = 40;

/** Writes and syncs that many times in the pod's container; how long that took, without Docker's own time. */
async function syncMs(): Promise<number> {
  const write = `dd if=/dev/zero of=/var/file bs=4k count=${syncs} oflag=dsync 2>/var/dd || { cat /var/dd >&2; exit 1; }`;
  const moments = await inNode(`echo $$ >/group/cgroup.procs; date +%s%N; ${write}; date +%s%N`);
  const [began, ended] = moments.trim().split('\n').map(Number);
  return (ended! - began!) / 1_000_000;
}

async function inNode(script: string): Promise<string> {
  return (await runCommand('docker', ['exec', node, 'sh', '-ec', script])).stdout;
}

beforeAll(async () => {
  if (missing !== null) return;
  const args = [
    '--detach',
    '--rm',
    '--privileged',
    '--name',
    node,
    '--volume',
    '/var',
    '--entrypoint',
    'sleep',
  ];
  await runCommand('docker', ['run', ...args, image, 'infinity']);
  await inNode(layOut);
});
afterAll(async () => {
  if (missing === null) await runCommand('docker', ['rm', '--force', '--volumes', node]);
});

test.skipIf(missing !== null)(
  'a pod is held to the disk, and no longer when its cap is taken off',
  async () => {
    expect(await findUncapped(pods, disk)).toEqual([
      { name: 'etcd-1-0', why: expect.stringContaining('has other caps') },
    ]);
    const before = await syncMs();
    expect(await emulateDisks(pods, disk)).toEqual([]);
    expect(await findUncapped(pods, disk)).toEqual([]);
    expect(await findUncapped(pods, null)).toHaveLength(1);
    const capped = await syncMs();
    expect(await emulateDisks(pods, null)).toEqual([]);
    expect(await findUncapped(pods, null)).toEqual([]);
    const after = await syncMs();
    // Each sync takes at least one of the disk's 30 operations a second; a tenth of a second's may come as a burst.
    expect(capped).toBeGreaterThan((syncs / disk.iops - 0.2) * 1000);
    expect(before).toBeLessThan(capped / 2);
    expect(after).toBeLessThan(capped / 2);
  },
);

test.skipIf(missing !== null)('a pod or a node that is not there is named with the reason', async () => {
  const gone = [
    { name: 'etcd-1-1', uid: randomUUID(), node },
    { name: 'etcd-1-2', uid, node: `${node}-none` },
  ];
  expect(await emulateDisks(gone, disk)).toEqual([
    { name: 'etcd-1-1', why: 'its control group is not to be found in its node' },
    { name: 'etcd-1-2', why: expect.stringContaining(`${node}-none`) },
  ]);
});
