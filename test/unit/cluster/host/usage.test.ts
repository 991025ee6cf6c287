import { expect, test } from 'vitest';
import { parsePodStats } from '../../../../cluster/providers/kind/pod-usage.ts';
import { parseBusySeconds, parseCpuSeconds, readProcess } from '../../../../cluster/host/proc-usage.ts';
import { type Usage, useBetween } from '../../../../cluster/host/usage.ts';

test('the processor time of a process is that of its user and system mode, whatever its name', () => {
  const stat =
    '42 (a) (b c) S 1 42 42 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 11 0 12345 1000 100 18446744073709551615';
  expect(parseCpuSeconds(stat)).toBe(3);
});

test('idle time and waiting for disks are not busy, stolen time is', () => {
  expect(parseBusySeconds('cpu  100 20 30 9000 8000 5 5 40 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n')).toBe(2);
});

test.skipIf(process.platform !== 'linux')('a process that runs can be read, another not', async () => {
  const usage = await readProcess(process.pid);
  expect(usage!.cpuSeconds).toBeGreaterThan(0);
  expect(usage!.memoryBytes).toBeGreaterThan(10e6);
  expect(await readProcess(2 ** 22 + 1)).toBeNull();
});

const usageAt = (takenAtMs: number, machine: number | null, cpu: Record<string, number>): Usage => ({
  takenAtMs,
  machineCpuSeconds: machine,
  processes: new Map(
    Object.entries(cpu).map(([name, cpuSeconds]) => [name, { cpuSeconds, memoryBytes: cpuSeconds * 100 }]),
  ),
});

test('use is what was spent in between, by second', () => {
  const before = usageAt(1000, 50, { a: 1, gone: 1, restarted: 9 });
  const after = usageAt(3000, 53, { a: 2, new: 1, restarted: 1 });
  expect(useBetween(before, after)).toEqual({
    processes: [{ name: 'a', cores: 0.5, memoryBytesMax: 200 }],
    machineCores: 1.5,
  });
  expect(useBetween(usageAt(0, null, {}), usageAt(1, 1, {})).machineCores).toBeNull();
});

test('the containers of a pod are added up, what has no figures is left out', () => {
  const container = (pod: string, cpu: string | null) => ({
    attributes: { id: 'x', labels: { 'io.kubernetes.pod.name': pod } },
    ...(cpu === null
      ? {}
      : {
          cpu: { timestamp: '1', usageCoreNanoSeconds: { value: cpu } },
          memory: { workingSetBytes: { value: '1024' } },
        }),
  });
  const stats = [
    container('etcd-1-0', '2000000000'),
    container('etcd-1-0', '500000000'),
    container('x', null),
  ];
  expect(parsePodStats(JSON.stringify({ stats }))).toEqual(
    new Map([['etcd-1-0', { cpuSeconds: 2.5, memoryBytes: 2048 }]]),
  );
});
