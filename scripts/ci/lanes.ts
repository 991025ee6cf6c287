/**
 * Runs programs beside each other, each line of their output behind the lane's name. All of them, and all processes that
 * they have started, have ended when this returns, also when it is interrupted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endMarked } from './marked-processes.ts';

export interface Lane {
  name: string;
  command: readonly string[];
}

export interface LaneOptions {
  environment: NodeJS.ProcessEnv;
  show: (line: string) => void;
}

/** The signals that end all lanes. A terminal sends its signal to the lanes, too; they ignore the second one. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns the names of the lanes that failed, and whether an interrupt has ended all. */
export async function runLanes(
  lanes: readonly Lane[],
  { environment, show }: LaneOptions,
): Promise<{ failed: string[]; interrupted: boolean }> {
  // An empty folder at the end of PATH changes nothing, and marks all processes that descend from the lanes.
  const mark = mkdtempSync(join(tmpdir(), 'vase-lanes-'));
  const env = { ...environment, PATH: `${environment['PATH'] ?? ''}${delimiter}${mark}` };
  const children: ChildProcess[] = [];
  let interrupted = false;
  const endAll = (): void => {
    interrupted = true;
    for (const child of children) child.kill('SIGTERM');
  };
  for (const signal of endings) process.on(signal, endAll);
  try {
    const ends = lanes.map(async ({ name, command: [program, ...args] }) => {
      const child = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      const shown = [child.stdout, child.stderr].map((output) =>
        showLines(output, (line) => show(`${name} | ${line}`)),
      );
      const code = await exitCode(child);
      // A process that outlives the lane may hold its output open.
      if (code !== 0) show(`${name} | failed`);
      return { name, code, shown };
    });
    const ended = await Promise.all(ends);
    endMarked(mark);
    await Promise.all(ended.flatMap(({ shown }) => shown));
    const failed = ended.filter(({ code }) => code !== 0).map(({ name }) => name);
    return { failed, interrupted };
  } finally {
    for (const signal of endings) process.off(signal, endAll);
    rmSync(mark, { recursive: true });
  }
}

/** Null when the process did not start or a signal ended it. */
async function exitCode(child: ChildProcess): Promise<number | null> {
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  } catch {
    return null;
  }
}

async function showLines(output: Readable, show: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: output })) show(line);
}
