// Every shell block of the README, run in order as one user would, on a cluster of its own; a text block right behind a
// shell block holds lines that must come out in that order ("…" at the end stands for anything).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkout, ended, VaseCommand, type Ended } from './vase-command.ts';

interface Block {
  script: string;
  expected: string[];
}

const readme = readFileSync(join(checkout, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms)].map(
  ([, script, output]): Block => ({ script: script!, expected: (output ?? '').split('\n').filter(Boolean) }),
);

let vase: VaseCommand;
let port: number;
beforeAll(async () => {
  vase = new VaseCommand();
  port = await getPort();
});
afterAll(() => vase.remove());

/** The text with the port of this run in place of the usual one. */
function localized(text: string): string {
  return text.replaceAll('127.0.0.1:5000', `127.0.0.1:${port}`);
}

async function runScript(script: string): Promise<Ended> {
  // `make test` runs this very test, so here it is only checked that make knows what to do.
  const runnable = localized(script).replaceAll(/^make test$/gm, 'make --dry-run test');
  const child = spawn('bash', ['-euo', 'pipefail', '-c', runnable], {
    cwd: checkout,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      VASE_STATE: vase.stateRoot,
      // Without a word, `up` would take kind where Docker runs.
      VASE_PROVIDER: 'local',
      VASE_PORT: String(port),
    },
  });
  child.stdin.end();
  return ended(child);
}

test('the README has shell blocks, and no command in a block that is not run', () => {
  expect(blocks.length).toBeGreaterThan(5);
  const fences = [...readme.matchAll(/^```(\S+)/gm)].map(([, language]) => language);
  expect(new Set(fences)).toEqual(new Set(['sh', 'text']));
});

test.each(blocks)('does what it says: $script', async ({ script, expected }) => {
  const { exitCode, stdout, stderr } = await runScript(script);
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  let rest = stdout;
  for (const line of expected.map(localized)) {
    const text = line.endsWith('…') ? line.slice(0, -1) : line;
    const at = rest.indexOf(text);
    expect(at, `${line} in ${rest}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + text.length);
  }
});

test('after the last block nothing is left', () => {
  expect(vase.processes()).toEqual([]);
});
