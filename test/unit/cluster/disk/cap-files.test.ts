import { expect, test } from 'vitest';
import { capLines } from '../../../../cluster/disk/cap-files.ts';
import { diskProfile } from '../../../../cluster/disk/disk-profile.ts';

const disk = diskProfile('pd-ssd:1Gi');

test('version 1 has a file for each direction and figure, and 0 takes a cap off', () => {
  expect(capLines(1, '254:0', disk)).toEqual([
    ['blkio.throttle.read_bps_device', '254:0 503316'],
    ['blkio.throttle.write_bps_device', '254:0 503316'],
    ['blkio.throttle.read_iops_device', '254:0 30'],
    ['blkio.throttle.write_iops_device', '254:0 30'],
  ]);
  expect(capLines(1, '254:0', null).map(([, line]) => line)).toEqual([
    '254:0 0',
    '254:0 0',
    '254:0 0',
    '254:0 0',
  ]);
});

test('version 2 has one line for each disk, and max takes a cap off', () => {
  expect(capLines(2, '8:16', disk)).toEqual([['io.max', '8:16 rbps=503316 wbps=503316 riops=30 wiops=30']]);
  expect(capLines(2, '8:16', null)).toEqual([['io.max', '8:16 rbps=max wbps=max riops=max wiops=max']]);
});
