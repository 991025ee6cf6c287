/** Starts a process of the cluster, and waits until it is ready while watching that it has not died. */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../../errors.ts';
import { startDetached, type DetachedProcess } from '../../../host/run-command.ts';
import { readTail, rotateLog } from './log-file.ts';
import type { StartContext } from '../state/local-context.ts';
import {
  identifyProcess,
  processState,
  signalProcess,
  type ProcessIdentity,
} from '../../../host/process-identity.ts';
import { logFileOf } from '../../../state/state-folder.ts';

const pollMs = 40;
/** The asking process may itself be busy with its start; a paused process is not asked. */
const probeTimeoutMs = 3000;
const linesOfLog = 8;

/**
 * Makes sure that a recorded process runs: a paused one is woken.
 * @returns false when it is gone and has to be started.
 */
export async function keepsRunning(identity: ProcessIdentity | null): Promise<boolean> {
  if (identity === null) return false;
  const state = await processState(identity);
  if (state === 'paused') await signalProcess(identity, 'SIGCONT');
  return state !== 'gone';
}

/** What `ps` shows of a Node.js process of a cluster. It also lets `down` find one whose record was lost. */
export function processTitle(stateRoot: string, name: string): string {
  return `vase ${name} of ${stateRoot}`;
}

/** Whether the process that listens at "host:port" says that it is ready. */
export async function answersReady(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${endpoint}/readyz`, {
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Refused, reset or too slow: not ready, whatever the reason.
    return false;
  }
}

/**
 * Starts a process with its own log file.
 * @throws ClusterError when it ends at once, with the end of its log; CommandError when it cannot be started.
 */
export async function startProcess(
  context: StartContext,
  name: string,
  start: Omit<DetachedProcess, 'logFile'>,
): Promise<ProcessIdentity> {
  const logFile = logFileOf(context.folder, name);
  rotateLog(logFile);
  const pid = await startDetached({ ...start, logFile });
  const identity = await identifyProcess(pid);
  if (identity === null) throw died(context, name);
  context.started.push(identity);
  return identity;
}

/**
 * Calls `check` again and again until it returns a value other than null.
 * @throws ClusterError when the time is over or one of the processes has died; the signal's reason when it is aborted.
 */
export async function waitFor<T>(
  context: StartContext,
  wait: {
    /** For the message: "a leader in shard 1". */
    what: string;
    timeoutMs: number;
    processes: readonly { name: string; process: ProcessIdentity | null }[];
    check: () => Promise<T | null>;
  },
): Promise<T> {
  const deadlineMs = performance.now() + wait.timeoutMs;
  for (;;) {
    context.signal.throwIfAborted();
    const answer = await wait.check();
    if (answer !== null) return answer;
    for (const { name, process } of wait.processes) {
      if (process === null || (await processState(process)) === 'gone') throw died(context, name);
    }
    if (performance.now() >= deadlineMs) {
      const names = wait.processes.map(({ name }) => name).join(', ');
      throw new ClusterError(`${wait.what} did not come within ${wait.timeoutMs / 1000} s`, {
        nextStep: `Look at the logs in ${context.folder.logs} (${names}), then run \`make doctor\`.`,
      });
    }
    await delay(pollMs);
  }
}

export function died(context: Pick<StartContext, 'folder'>, name: string): ClusterError {
  const log = readTail(logFileOf(context.folder, name), linesOfLog);
  return new ClusterError(`${name} ended right after its start; the end of its log:\n${indent(log)}`, {
    nextStep: `The whole log is ${logFileOf(context.folder, name)}.`,
  });
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
