/**
 * The processes of pods' containers, seen and signalled from their node: pods have neither a shell nor the right to signal
 * each other. A node is a container of Docker, and the path of a process's control group has the id of the process's
 * container.
 */
import type { Pod } from '../kubernetes/live-objects.ts';
import { runInNode } from './kind-command.ts';

/** One command reads all processes; those that end meanwhile are left out. */
const question =
  "grep -s -o -E '[0-9a-f]{64}' /proc/[0-9]*/cgroup; grep -s '^State:' /proc/[0-9]*/status; true";

interface NodeProcess {
  pid: number;
  /** Stopped by SIGSTOP. */
  isPaused: boolean;
}

/** Names of the pods whose process is stopped by a signal. */
export async function findPausedPods(pods: readonly Pod[]): Promise<Set<string>> {
  const nodes = [...new Set(pods.flatMap((pod) => pod.spec?.nodeName ?? []))];
  const seen = new Map(
    await Promise.all(nodes.map(async (node) => [node, await listProcesses(node)] as const)),
  );
  const isPaused = (pod: Pod) => {
    const id = containerIdOf(pod);
    const processes = id === null ? [] : (seen.get(pod.spec?.nodeName ?? '')?.get(id) ?? []);
    return processes.some((process) => process.isPaused);
  };
  return new Set(pods.filter(isPaused).map(({ metadata }) => metadata.name));
}

/**
 * Sends a signal to the process of the pod's container, and looks until it has taken effect.
 * @returns false when no process runs.
 */
export async function signalPod(pod: Pod, signal: 'STOP' | 'CONT' | 'KILL'): Promise<boolean> {
  const node = pod.spec?.nodeName;
  const id = containerIdOf(pod);
  if (node === undefined || id === null) return false;
  const processes = (await listProcesses(node)).get(id) ?? [];
  if (processes.length === 0) return false;
  const pids = processes.map(({ pid }) => String(pid));
  // A process that has just ended by itself counts as killed.
  await runInNode(node, ['sh', '-c', `kill -${signal} ${pids.join(' ')} 2>/dev/null; true`]);
  for (let look = 0; look < looksMax; look++) {
    const now = (await listProcesses(node)).get(id) ?? [];
    if (signal === 'KILL' ? !now.some(({ pid }) => pids.includes(String(pid))) : hasState(now, signal))
      return true;
  }
  throw new Error(`${pod.metadata.name} is not otherwise after SIG${signal}`);
}

/** Each look takes some 50 ms, and a signal takes effect within microseconds. */
const looksMax = 200;

function hasState(processes: readonly NodeProcess[], signal: 'STOP' | 'CONT'): boolean {
  return processes.every(({ isPaused }) => isPaused === (signal === 'STOP'));
}

/** The id that containerd gave the pod's one container; null when it has none yet. */
export function containerIdOf(pod: Pod): string | null {
  const id = pod.status?.containerStatuses?.[0]?.containerID;
  return id === undefined ? null : (id.split('://')[1] ?? null);
}

/** By container id. */
async function listProcesses(node: string): Promise<Map<string, NodeProcess[]>> {
  return parseProcesses(await runInNode(node, ['sh', '-c', question]));
}

/** @param answer lines "/proc/12/cgroup:<id>" and "/proc/12/status:State:\tS (sleeping)". */
export function parseProcesses(answer: string): Map<string, NodeProcess[]> {
  const paused = new Set(
    [...answer.matchAll(/^\/proc\/(\d+)\/status:State:\s+T/gm)].map(([, pid]) => Number(pid)),
  );
  const byContainer = new Map<string, Map<number, NodeProcess>>();
  for (const [, text, id] of answer.matchAll(/^\/proc\/(\d+)\/cgroup:([0-9a-f]{64})$/gm)) {
    const pid = Number(text);
    const processes = byContainer.get(id!) ?? new Map<number, NodeProcess>();
    processes.set(pid, { pid, isPaused: paused.has(pid) });
    byContainer.set(id!, processes);
  }
  return new Map([...byContainer].map(([id, processes]) => [id, [...processes.values()]]));
}
