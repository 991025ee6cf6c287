/** What processes and the whole machine have used so far, and what they used between two such readings. */

export interface ProcessUsage {
  /** Since its start. */
  cpuSeconds: number;
  /** Resident memory: the most it ever had where the system tells that, else what it has now. */
  memoryBytes: number;
}

export interface Usage {
  /** The time of the reading on this process's clock, in ms. */
  takenAtMs: number;
  /** Busy time of all cores since boot; null when the system does not tell. */
  machineCpuSeconds: number | null;
  /** By the names of members and sharders. A process that could not be read is left out. */
  processes: ReadonlyMap<string, ProcessUsage>;
}

export interface UseBetween {
  processes: { name: string; cores: number; memoryBytesMax: number }[];
  /** Mean number of busy cores; null where the system does not tell. */
  machineCores: number | null;
}

/** A process that is not in both readings, or has started anew in between, is left out. */
export function useBetween(before: Usage, after: Usage): UseBetween {
  const seconds = (after.takenAtMs - before.takenAtMs) / 1000;
  if (seconds <= 0) throw new Error('the second reading has to be later than the first');
  const processes: UseBetween['processes'] = [];
  for (const [name, { cpuSeconds, memoryBytes }] of after.processes) {
    const earlier = before.processes.get(name);
    if (earlier === undefined || cpuSeconds < earlier.cpuSeconds) continue;
    const cores = (cpuSeconds - earlier.cpuSeconds) / seconds;
    processes.push({ name, cores, memoryBytesMax: Math.max(memoryBytes, earlier.memoryBytes) });
  }
  const machineCores =
    before.machineCpuSeconds === null || after.machineCpuSeconds === null
      ? null
      : (after.machineCpuSeconds - before.machineCpuSeconds) / seconds;
  return { processes, machineCores };
}
