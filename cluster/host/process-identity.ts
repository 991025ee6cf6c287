/**
 * Processes by pid and start time, so that a pid which the system has given to another process is never taken for ours,
 * let alone killed. Start times come from /proc where there is one and from `ps` elsewhere.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './command-error.ts';
import { runCommand } from './run-command.ts';

export interface ProcessIdentity {
  pid: number;
  /** Opaque; equal only for one and the same process. */
  startedAt: string;
}

export type ProcessState = 'running' | 'paused' | 'gone';

/** The pause between two looks at a process that was told to stop. */
const pollMs = 20;
/** A killed process ends at once unless the kernel has yet to do its I/O: seconds, on a disk that is capped. */
const killedMsMax = 15_000;

/** The identity of a live process; null when there is none with this pid. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  const found = await lookUp(pid);
  return found === null ? null : { pid, startedAt: found.startedAt };
}

export async function processState(identity: ProcessIdentity): Promise<ProcessState> {
  const found = await lookUp(identity.pid);
  if (found === null || found.startedAt !== identity.startedAt) return 'gone';
  return found.stopped ? 'paused' : 'running';
}

/** Signals the group that the process leads. False, without a signal, when the process is gone. */
export async function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if ((await processState(identity)) === 'gone') return false;
  try {
    process.kill(-identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Ends a process: SIGTERM (a paused one is woken for it), and SIGKILL once `graceMs` have passed. Resolves when it is
 * gone.
 */
export async function stopProcess(identity: ProcessIdentity, options: { graceMs: number }): Promise<void> {
  await signalProcess(identity, 'SIGTERM');
  await signalProcess(identity, 'SIGCONT');
  if (await waitUntilGone(identity, options.graceMs)) return;
  await signalProcess(identity, 'SIGKILL');
  if (await waitUntilGone(identity, killedMsMax)) return;
  throw new Error(`process ${identity.pid} does not end, although it was killed`);
}

/** True when the process is gone within `timeoutMs`. */
export async function waitUntilGone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    if ((await processState(identity)) === 'gone') return true;
    if (performance.now() >= deadlineMs) return false;
    await delay(pollMs);
  }
}

/** Every process that this user can see, with its command line; arguments are separated by single spaces. */
export async function listCommandLines(): Promise<{ pid: number; commandLine: string }[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await runCommand('ps', ['-ww', '-A', '-o', 'pid=', '-o', 'args=']);
    const lines = stdout.split('\n').map((line) => /^\s*(\d+) (.*)$/.exec(line));
    return lines
      .filter((line) => line !== null)
      .map(([, pid, args]) => ({ pid: Number(pid), commandLine: args!.trimEnd() }));
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return Promise.all(pids.map(readCommandLine));
}

/** Empty for a process that has ended since it was listed. */
async function readCommandLine(pid: number): Promise<{ pid: number; commandLine: string }> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return { pid, commandLine: text.replaceAll('\0', ' ').trimEnd() };
}

interface Found {
  startedAt: string;
  stopped: boolean;
}

/** A zombie has ended: it counts as no process. */
async function lookUp(pid: number): Promise<Found | null> {
  return process.platform === 'linux' ? lookUpInProc(pid) : lookUpWithPs(pid);
}

async function lookUpInProc(pid: number): Promise<Found | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The command's name stands in parentheses and may hold anything, so fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? 'X';
  // A zombie whose other threads wait for their I/O still holds its ports and its files.
  if (state === 'X' || (state === 'Z' && Number(fields[17]) <= 1)) return null;
  // Ticks since boot mean something only together with the boot.
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return { startedAt: `${boot.slice(0, 8)}:${fields[19] ?? ''}`, stopped: state === 'T' || state === 't' };
}

/** For systems without /proc. Exported so that it can be compared with the other way where both exist. */
export async function lookUpWithPs(pid: number): Promise<Found | null> {
  try {
    const { stdout } = await runCommand('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      extraEnvironment: { LC_ALL: 'C' },
    });
    const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout);
    if (match === null || match[1]!.startsWith('Z')) return null;
    return { startedAt: match[2]!, stopped: match[1]!.startsWith('T') };
  } catch (error) {
    if (error instanceof CommandError && error.result.exitCode === 1) return null;
    throw error;
  }
}
