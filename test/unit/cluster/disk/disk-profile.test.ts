import { expect, test } from 'vitest';
import { describeDisk, diskProfile, emulatedDisk } from '../../../../cluster/disk/disk-profile.ts';

test('a pd-ssd has 30 operations and 0.48 MiB a second for each GiB', () => {
  expect(diskProfile('pd-ssd:10Gi')).toEqual({
    name: 'pd-ssd:10Gi',
    iops: 300,
    bytesPerSecond: Math.round(4.8 * 1024 * 1024),
  });
  expect(describeDisk(diskProfile('pd-ssd:10Gi'))).toBe('pd-ssd:10Gi (emulated: 300 IOPS, 4.8 MiB/s)');
});

test('a large one is no faster than an instance, and a tiny one is not without limit', () => {
  expect(diskProfile('pd-ssd:64Ti')).toMatchObject({ iops: 100_000, bytesPerSecond: 1200 * 2 ** 20 });
  expect(diskProfile('pd-ssd:1Mi').iops).toBe(1);
});

test('what the topology says wins over what the provider has; off is none', () => {
  expect(emulatedDisk('pd-ssd:1Gi', 'pd-ssd:10Gi')).toMatchObject({ iops: 30 });
  expect(emulatedDisk(null, 'pd-ssd:10Gi')).toMatchObject({ iops: 300 });
  expect(emulatedDisk('off', 'pd-ssd:10Gi')).toBe(null);
  expect(emulatedDisk(null, null)).toBe(null);
});
