import { expect, test } from 'vitest';
import { judgeLimit, type LimitEvidence } from '../../../../../scripts/bench/run/judge-limit.ts';

const idle: LimitEvidence = {
  peak: { generatorCores: 0.3, generatorWorkers: 1 },
  limits: { sharderCpu: '200m', etcdCpu: null, ssd: 'off' },
  sharders: [{ cores: 0.1 }, { cores: 0.1 }],
  members: [{ cores: 0.1 }],
  fsyncBusy: [],
  machineCores: 1,
  cores: 2,
};

test.each<[string, Partial<LimitEvidence>, string]>([
  ['nothing is full', {}, 'unknown'],
  ['the generator’s workers are', { peak: { generatorCores: 0.97, generatorWorkers: 1 } }, 'generator'],
  [
    'two workers share what would fill one',
    { peak: { generatorCores: 0.97, generatorWorkers: 2 } },
    'unknown',
  ],
  ['the sharders are at their limit', { sharders: [{ cores: 0.2 }, { cores: 0.19 }] }, 'sharders'],
  [
    'a sharder without a limit has no core left',
    { limits: { sharderCpu: null, etcdCpu: null, ssd: 'off' }, sharders: [{ cores: 0.98 }] },
    'sharders',
  ],
  [
    'members are at their limit',
    { limits: { sharderCpu: '200m', etcdCpu: '100m', ssd: 'off' }, members: [{ cores: 0.1 }] },
    'shards',
  ],
  ['members wait for their disks', { fsyncBusy: [0.8, 0.6] }, 'shards'],
  ['one of three members waits for its disk', { fsyncBusy: [0.9, 0.1, 0.1] }, 'unknown'],
  ['the machine is', { machineCores: 1.96 }, 'machine'],
  ['the machine cannot be seen', { machineCores: null }, 'unknown'],
  ['sharders at their limit fill the machine', { machineCores: 2, sharders: [{ cores: 0.2 }] }, 'sharders'],
])('when %s', (_, evidence, limit) => {
  expect(judgeLimit({ ...idle, ...evidence })).toBe(limit);
});
