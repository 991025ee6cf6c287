/** Starts the model of the original's sharder and its API server on free ports, the sharder under a CPU limit. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { removeGroups } from '../../../cluster/providers/local/limits/control-groups.ts';
import { identifyProcess } from '../../../cluster/host/process-identity.ts';
import { isLimited, limitProcess } from '../../../cluster/providers/local/limits/resource-limits.ts';
import { stateFolder } from '../../../cluster/state/state-folder.ts';

const name = 'original-sharder';
const pollMs = 50;
const pollsMax = 200;

/** With Flask and `requests`, as the original, or with the standard library alone. */
type Stack = 'flask' | 'stdlib';

export interface Baseline {
  url: string;
  pid: number;
  stack: Stack;
  close(): Promise<void>;
}

/**
 * @param endpoints of the shards: one member each, host:port.
 * @throws Error without python3, or when the limit cannot be set: without it the comparison would be unfair.
 */
export async function startBaseline(endpoints: readonly string[], cpu: string | null): Promise<Baseline> {
  const stack = chooseStack();
  // pyenv and the like put a script before the interpreter; the limit must hold for the interpreter itself.
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();
  const [port, apiPort] = [await getPort(), await getPort()];
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const groups = mkdtempSync(join(tmpdir(), 'vase-original-'));
  const folder = stateFolder(groups);
  const children: ChildProcess[] = [];
  const close = async () => {
    const ended = children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
    await removeGroups(folder);
    rmSync(groups, { recursive: true, force: true });
  };
  try {
    children.push(
      spawn(process.execPath, [join(import.meta.dirname, 'api-server.ts')], {
        env: { PORT: String(apiPort), SHARDS: endpoints.join(',') },
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    );
    const sharder = spawn(python, [join(import.meta.dirname, 'sharder.py'), String(port), apiUrl, stack], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(sharder);
    const url = `http://127.0.0.1:${port}`;
    await untilAnswering(url, children);
    const limits = { cpu, memory: null };
    const identity = await identifyProcess(sharder.pid!);
    limitProcess(folder, name, identity!, limits);
    if (!isLimited(folder, name, sharder.pid!, limits))
      throw new Error('this machine cannot limit the CPU of a process');
    return { url, pid: sharder.pid!, stack, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** STACK; the standard library where it is not set: it is the quicker one, and Flask's server breaks down under 500 users. */
function chooseStack(): Stack {
  const wanted = process.env['STACK'] || 'stdlib';
  if (wanted !== 'flask' && wanted !== 'stdlib')
    throw new Error(`STACK ${wanted} is neither stdlib nor flask`);
  return wanted;
}

async function untilAnswering(url: string, children: readonly ChildProcess[]): Promise<void> {
  for (let poll = 0; poll < pollsMax; poll++) {
    if (children.some(({ exitCode }) => exitCode !== null)) throw new Error(`${url} has ended`);
    const status = await fetch(url).then(
      (response) => response.arrayBuffer().then(() => response.status),
      () => 0,
    );
    if (status === 200) return;
    await delay(pollMs);
  }
  throw new Error(`${url} does not answer`);
}
