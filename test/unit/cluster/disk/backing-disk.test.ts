import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { backingDisk, mountOf } from '../../../../cluster/disk/backing-disk.ts';

const mounts = [
  '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard',
  '22 27 0:21 / /proc rw,nosuid - proc proc rw',
  '40 27 259:3 / /data rw,relatime shared:7 master:2 - xfs /dev/nvme0n1p3 rw',
  String.raw`41 40 0:50 / /data/my\040shard rw - tmpfs tmpfs rw,size=65536k`,
  '42 27 0:60 / /in/container rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/data/up,workdir=/data/work',
  '43 27 0:70 /@home /home rw,relatime shared:9 - btrfs /dev/sdb1 rw,subvol=/@home',
  '44 27 8:1 / /hidden rw - ext4 /dev/sda1 rw',
  '45 44 8:2 / /hidden rw - ext4 /dev/sda2 rw',
  '',
].join('\n');

test.each([
  ['/', '254:0'],
  ['/database', '254:0'],
  ['/data', '259:3'],
  ['/data/etcd-1-0', '259:3'],
  ['/data/my shard/x', '0:50'],
  ['/hidden/x', '8:2'],
])('%s is in the mount that is nearest, the later of two: %s', (path, device) => {
  expect(mountOf(mounts, path)?.device).toBe(device);
});

test('an overlay names the folder that it writes to, btrfs its disk', () => {
  expect(mountOf(mounts, '/in/container/x')).toMatchObject({ upperFolder: '/data/up' });
  expect(mountOf(mounts, '/home/x')).toMatchObject({ source: '/dev/sdb1', upperFolder: null });
});

test.skipIf(!existsSync('/dev/shm'))('a folder in memory is on no disk', () => {
  expect(backingDisk('/dev/shm')).toBe(null);
});

test('a folder that is not there is on no disk', () => {
  expect(backingDisk('/nowhere/at/all')).toBe(null);
});

const disk = backingDisk(import.meta.dirname);
test.skipIf(disk === null)('what is found on this machine is a whole disk, not a partition', () => {
  expect(existsSync(`/sys/dev/block/${disk}/queue`)).toBe(true);
  expect(existsSync(`/sys/dev/block/${disk}/partition`)).toBe(false);
});
