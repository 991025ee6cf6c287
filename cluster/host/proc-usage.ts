/** Usage from Linux's /proc: of single processes and of the machine. Elsewhere there are no figures. */
import { readFile } from 'node:fs/promises';
import type { ProcessUsage } from './usage.ts';

/** The unit of processor time in /proc; Linux has shown it as 100 to every program since 2.6, whatever the kernel's tick. */
const ticksPerSecond = 100;

/** Null when there is no such process, or no /proc. */
export async function readProcess(pid: number): Promise<ProcessUsage | null> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null),
    readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''),
  ]);
  if (stat === null) return null;
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return { cpuSeconds: parseCpuSeconds(stat), memoryBytes: Number(peak ?? 0) * 1024 };
}

/** @param stat the line of /proc/<pid>/stat. The name stands in parentheses and may hold anything. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Busy time of all cores since boot; null without /proc. */
export async function readMachineCpuSeconds(): Promise<number | null> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => null);
  return text === null ? null : parseBusySeconds(text);
}

/**
 * All time but idle time and waiting for disks. Time that the hypervisor gave to others counts as busy: no process here
 * could have had it.
 */
export function parseBusySeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    /^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
