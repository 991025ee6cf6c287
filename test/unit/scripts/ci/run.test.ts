// `.ci/run` in a folder whose Makefile writes down what it is asked for, and in which environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const checkout = join(import.meta.dirname, '..', '..', '..', '..');

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vase-ci-'));
  folder = join(root, 'ein Ordner ü');
  for (const inner of ['.ci', 'bin', 'node_modules']) mkdirSync(join(folder, inner), { recursive: true });
  copyFileSync(join(checkout, '.ci', 'run'), join(folder, '.ci', 'run'));
  copyFileSync(join(checkout, 'README.md'), join(folder, 'README.md'));
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{}');
  // Otherwise it would install one.
  writeFileSync(join(folder, 'bin', 'chromium'), '');
  chmodSync(join(folder, 'bin', 'chromium'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** @param recipes of goals, where they do more than write down that they were made. */
function writeMakefile(recipes: Record<string, string> = {}): void {
  const goals = ['up', 'test', 'clean', 'ci'].map(
    (goal) =>
      `${goal}:\n\t@echo "${goal} $(RAN)" >> made\n\t@env > ${goal}.env\n\t@${recipes[goal] ?? 'true'}\n`,
  );
  writeFileSync(join(folder, 'Makefile'), goals.join('\n'));
}

function start(): ChildProcess {
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`;
  const ofCi = { CI: 'true', VASE_PORT: '7', MAKEFLAGS: 'w', SEED: '3', NODE_OPTIONS: '--no-warnings' };
  const ofTheNetwork = { HTTPS_PROXY: 'http://proxy:1', NODE_EXTRA_CA_CERTS: '/ca.pem' };
  const env = { PATH, HOME: process.env['HOME'], ...ofCi, ...ofTheNetwork };
  return spawn(join(folder, '.ci', 'run'), { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; last: string; output: string }> {
  const [output, [code]] = await Promise.all([
    text(child.stdout!),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, last: output.trimEnd().split('\n').at(-1)!, output };
}

function made(): string[] {
  return readFileSync(join(folder, 'made'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** Of the process whose id is in the file `left`; a killed one may have to be waited for by its parent. */
function isLeftRunning(): boolean {
  try {
    const stat = readFileSync(`/proc/${readFileSync(join(folder, 'left'), 'utf8').trim()}/stat`, 'utf8');
    return !/^\d+ \(.*\) Z/.test(stat);
  } catch {
    return false;
  }
}

test("the README's commands run first, as a newcomer runs them, and are not run again", async () => {
  writeMakefile({ ci: 'echo 41 passed, 0 failed' });
  expect(await ended(start())).toMatchObject({ code: 0, last: '41 passed, 0 failed' });
  expect(made()).toEqual(['up', 'test', 'clean', 'ci up=0 test=0 clean=0']);
  for (const goal of ['up', 'test']) {
    const environment = readFileSync(join(folder, `${goal}.env`), 'utf8');
    expect(environment).not.toMatch(/^(CI|VASE_\w+|SEED|NODE_OPTIONS)=|^MAKEFLAGS=w/m);
    expect(environment).toMatch(/^MAKELEVEL=1$/m);
    expect(environment).toContain('HTTPS_PROXY=http://proxy:1\n');
    expect(environment).toContain('NODE_EXTRA_CA_CERTS=/ca.pem\n');
  }
});

describe('what builds etcds', () => {
  const write = (script: string) => {
    const builder = join(root, 'shared', 'etcd');
    mkdirSync(builder, { recursive: true });
    writeFileSync(join(builder, 'build'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(builder, 'build'), 0o755);
  };

  test('gives the tests the folders', async () => {
    write("echo '/a b/3.5.33'; echo /c/3.7.3");
    writeMakefile({ ci: 'echo 41 passed, 0 failed' });
    expect(await ended(start())).toMatchObject({ code: 0 });
    for (const goal of ['test', 'ci'])
      expect(readFileSync(join(folder, `${goal}.env`), 'utf8')).toContain(
        '\nVASE_ETCD_RELEASES=/a b/3.5.33:/c/3.7.3\n',
      );
  });

  test('is counted when it fails', async () => {
    write('echo /a/3.5.33; false');
    writeMakefile({ ci: 'echo 40 passed, 1 failed; false' });
    expect(await ended(start())).toMatchObject({ code: 1 });
    expect(made().at(-1)).toBe('ci etcd-builds=1 up=0 test=0 clean=0');
    expect(readFileSync(join(folder, 'test.env'), 'utf8')).not.toContain('VASE_ETCD_RELEASES');
  });
});

test('a command that fails is handed on to be counted, and the cluster is taken down all the same', async () => {
  writeMakefile({ up: 'false', ci: 'echo 40 passed, 1 failed; false' });
  expect(await ended(start())).toMatchObject({ code: 1, last: '40 passed, 1 failed' });
  expect(made()).toEqual(['up', 'test', 'clean', 'ci up=2 test=0 clean=0']);
});

test('where no sum comes out, the run has failed', async () => {
  writeMakefile({ ci: 'false' });
  expect(await ended(start())).toMatchObject({ code: 1, last: '0 passed, 1 failed' });
});

test('a process that is left is named, ended and counted', async () => {
  writeMakefile({
    test: 'setsid sleep 7654.1 >/dev/null 2>&1 & echo $$! > left',
    ci: 'echo 1 passed, 1 failed; false',
  });
  const { output } = await ended(start());
  expect(output).toContain('sleep 7654.1');
  expect(made().at(-1)).toBe('ci up=0 test=0 clean=0 nothing-left=1');
  await expect.poll(isLeftRunning).toBe(false);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the midst takes the cluster down, and all that runs',
  async (signal) => {
    writeMakefile({ test: 'setsid sleep 7654.2 >/dev/null 2>&1 & echo $$! > left; sleep 7654.3' });
    const child = start();
    await expect.poll(() => existsSync(join(folder, 'left')), { timeout: 30_000 }).toBe(true);
    child.kill(signal);
    expect(await ended(child)).toMatchObject({ code: 1, last: '0 passed, 1 failed' });
    expect(made()).toEqual(['up', 'test', 'clean']);
    await expect.poll(isLeftRunning).toBe(false);
  },
);

test('a cluster that was there before stays', async () => {
  mkdirSync(join(folder, '.vase'));
  writeFileSync(join(folder, '.vase', 'cluster.json'), '{}');
  writeMakefile({ ci: 'echo 1 passed, 0 failed' });
  expect(await ended(start())).toMatchObject({ code: 0 });
  expect(made()).not.toContain('clean');
});
