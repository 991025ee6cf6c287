import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CommandError } from '../../../../cluster/host/command-error.ts';
import { runCommand, startDetached } from '../../../../cluster/host/run-command.ts';
import { identifyProcess, waitUntilGone } from '../../../../cluster/host/process-identity.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vase-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a command gives what it printed', async () => {
  const result = await runCommand('sh', ['-c', 'echo out; echo err >&2']);
  expect(result).toEqual({ exitCode: 0, stdout: 'out', stderr: 'err' });
});

test('arguments reach a command as they are, without a shell', async () => {
  const { stdout } = await runCommand('printf', ['%s|', 'a b', '$HOME', '*']);
  expect(stdout).toBe('a b|$HOME|*|');
});

test('a failed command carries command, output and code', async () => {
  const error = await runCommand('sh', ['-c', 'echo why >&2; exit 3']).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CommandError);
  const { command, output, result } = error as CommandError;
  expect(command).toContain('echo why');
  expect(output).toBe('why');
  expect(result.exitCode).toBe(3);
});

test('a command that does not exist is a CommandError', async () => {
  await expect(runCommand('vase-no-such-command', [])).rejects.toBeInstanceOf(CommandError);
});

test('a command gets the bytes of its input', async () => {
  const { stdout } = await runCommand('cat', [], { input: 'some bytes' });
  expect(stdout).toBe('some bytes');
});

test('a detached process leads its own group and writes to its log', async () => {
  const logFile = join(temporaryFolder(), 'log');
  const pid = await startDetached({
    command: '/bin/sh',
    args: ['-c', 'echo "group $(ps -o pgid= -p $$ | tr -d " ") env $GREETING"'],
    environment: { PATH: process.env['PATH'] ?? '', GREETING: 'hello' },
    logFile,
  });
  const identity = await identifyProcess(pid);
  if (identity !== null) expect(await waitUntilGone(identity, 10_000)).toBe(true);
  expect(readFileSync(logFile, 'utf8')).toBe(`group ${pid} env hello\n`);
});

test('a detached process that cannot be started is a CommandError', async () => {
  const start = {
    command: '/nowhere/program',
    args: [],
    environment: {},
    logFile: join(temporaryFolder(), 'log'),
  };
  await expect(startDetached(start)).rejects.toBeInstanceOf(CommandError);
});
