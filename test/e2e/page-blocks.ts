/**
 * The shell blocks of a page, run as by a user who reads it from top to bottom. A text block right behind a shell block
 * holds lines that must come out in that order ("…" at the end stands for anything). A command that cannot run here, since
 * it needs kind or an account of a cloud, stands in a separate text block.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { checkout, ended, type Ended } from './vase-command.ts';

export interface PageBlock {
  script: string;
  expected: string[];
}

export interface Session {
  stateRoot: string;
  /** Replaces 5000, the port where users reach the store. */
  port: number;
}

/** The limit for one block; a loaded machine is slow. */
const blockMsMax = 300_000;

export function blocksOf(page: string): PageBlock[] {
  const text = readFileSync(join(checkout, page), 'utf8');
  const blocks = text.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms);
  return [...blocks].map(([, script, output]) => ({
    script: script!,
    expected: (output ?? '').split('\n').filter(Boolean),
  }));
}

/** The languages of the page's blocks: a command in another one would not be run. */
export function languagesOf(page: string): Set<string> {
  const text = readFileSync(join(checkout, page), 'utf8');
  return new Set([...text.matchAll(/^```(\S+)/gm)].map(([, language]) => language!));
}

export async function expectWhatItSays({ script, expected }: PageBlock, session: Session): Promise<void> {
  const localized = (text: string) => text.replaceAll('127.0.0.1:5000', `127.0.0.1:${session.port}`);
  const { exitCode, stdout, stderr } = await runScript(localized(script), session);
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  let rest = stdout;
  for (const line of expected.map(localized)) {
    const text = line.endsWith('…') ? line.slice(0, -1) : line;
    const at = rest.indexOf(text);
    expect(at, `${line} in ${rest}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + text.length);
  }
}

async function runScript(script: string, { stateRoot, port }: Session): Promise<Ended> {
  // `make test` runs these very tests, so here only a dry run of it is checked.
  const runnable = script.replaceAll(/^make test$/gm, 'make --dry-run test');
  const child = spawn('bash', ['-euo', 'pipefail', '-c', runnable], {
    cwd: checkout,
    timeout: blockMsMax,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      VASE_ETCD: process.env['VASE_ETCD'],
      VASE_STATE: stateRoot,
      // Without this, `up` would choose kind where Docker runs.
      VASE_PROVIDER: 'local',
      VASE_PORT: String(port),
    },
  });
  child.stdin.end();
  return ended(child);
}
