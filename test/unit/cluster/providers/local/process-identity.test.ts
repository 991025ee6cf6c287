import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import {
  identifyProcess,
  listCommandLines,
  lookUpWithPs,
  processState,
  signalProcess,
  stopProcess,
  type ProcessIdentity,
} from '../../../../../cluster/providers/local/process-identity.ts';

async function startProcess(
  script = 'exec sleep 600',
): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn('/bin/sh', ['-c', `echo started; ${script}`], { detached: true });
  onTestFinished(() => void (child.exitCode ?? child.signalCode ?? child.kill('SIGKILL')));
  await once(child.stdout, 'data');
  const identity = await identifyProcess(child.pid!);
  if (identity === null) throw new Error('the process is gone');
  return { child, identity };
}

test('a process is known by pid and start time', async () => {
  const { child, identity } = await startProcess();
  expect(identity.pid).toBe(child.pid);
  expect(await processState(identity)).toBe('running');
  expect(await identifyProcess(child.pid!)).toEqual(identity);
});

test('the same pid with another start time is gone, and is not signalled', async () => {
  const { child, identity } = await startProcess();
  const recycled = { pid: identity.pid, startedAt: 'another time' };
  expect(await processState(recycled)).toBe('gone');
  expect(await signalProcess(recycled, 'SIGKILL')).toBe(false);
  await stopProcess(recycled, { graceMs: 0 });
  expect(await processState(identity)).toBe('running');
  expect(child.signalCode).toBeNull();
});

test('a paused process is seen as such and goes on when it is woken', async () => {
  const { identity } = await startProcess();
  await signalProcess(identity, 'SIGSTOP');
  await expect.poll(() => processState(identity)).toBe('paused');
  await signalProcess(identity, 'SIGCONT');
  await expect.poll(() => processState(identity)).toBe('running');
});

test('a process is asked to end before it is killed', async () => {
  const { child, identity } = await startProcess('trap "exit 7" TERM; while :; do sleep 0.01; done');
  const ended = once(child, 'exit');
  await stopProcess(identity, { graceMs: 10_000 });
  expect(await ended).toEqual([7, null]);
});

test('a process that ignores SIGTERM is killed after its grace', async () => {
  const { child, identity } = await startProcess('trap "" TERM; while :; do sleep 0.01; done');
  const ended = once(child, 'exit');
  await stopProcess(identity, { graceMs: 50 });
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('a paused process ends as well', async () => {
  const { child, identity } = await startProcess();
  const ended = once(child, 'exit');
  await signalProcess(identity, 'SIGSTOP');
  await stopProcess(identity, { graceMs: 10_000 });
  expect(await ended).toEqual([null, 'SIGTERM']);
});

test('a pid that nobody has is gone', async () => {
  expect(await identifyProcess(2 ** 22 + 1)).toBeNull();
  expect(await lookUpWithPs(2 ** 22 + 1)).toBeNull();
});

test('`ps` sees what /proc sees', async () => {
  const { identity } = await startProcess();
  const running = await lookUpWithPs(identity.pid);
  expect(running).toEqual({ startedAt: expect.stringMatching(/\d\d:\d\d:\d\d \d{4}$/), stopped: false });
  await signalProcess(identity, 'SIGSTOP');
  await expect.poll(() => lookUpWithPs(identity.pid)).toEqual({ ...running, stopped: true });
});

test('the list of command lines holds this process', async () => {
  const own = (await listCommandLines()).find(({ pid }) => pid === process.pid);
  expect(own?.commandLine).not.toBe('');
});
