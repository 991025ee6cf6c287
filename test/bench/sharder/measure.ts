/** One measurement: a load on one target in one process, and what it cost the target and etcd. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadOrder, LoadReport } from './load-process.ts';
import { cpuMicroseconds, residentMebibytes } from './process-usage.ts';

export interface Measurement {
  requestsPerSecond: number;
  errors: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  /** CPU per request of the target's process; null where there is none (etcd's own gateway). */
  targetCpuMicros: number | null;
  etcdCpuMicros: number;
  loadCpuMicros: number;
  residentMebibytes: number | null;
}

export interface Measured {
  targetPid: number | null;
  etcdPids: readonly number[];
}

export async function measure(order: LoadOrder, { targetPid, etcdPids }: Measured): Promise<Measurement> {
  const load = fork(new URL('load-process.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  load.send(order);
  let before = { target: 0, etcd: 0 };
  const sample = () => ({
    target: targetPid === null ? 0 : cpuMicroseconds([targetPid]),
    etcd: cpuMicroseconds(etcdPids),
  });
  for (;;) {
    const [report] = (await once(load, 'message')) as [LoadReport];
    if (report.kind === 'warm') {
      before = sample();
      continue;
    }
    const after = sample();
    const { requests, seconds } = report;
    return {
      requestsPerSecond: requests / seconds,
      errors: report.errors,
      p50Ms: report.p50Ms,
      p99Ms: report.p99Ms,
      p999Ms: report.p999Ms,
      targetCpuMicros: targetPid === null ? null : (after.target - before.target) / requests,
      etcdCpuMicros: (after.etcd - before.etcd) / requests,
      loadCpuMicros: report.cpuMicroseconds / requests,
      residentMebibytes: targetPid === null ? null : residentMebibytes(targetPid).peak,
    };
  }
}
