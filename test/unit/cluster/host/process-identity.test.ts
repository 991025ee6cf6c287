import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import {
  identifyProcess,
  listCommandLines,
  lookUpWithPs,
  processState,
  signalProcess,
  stopProcess,
  type ProcessIdentity,
} from '../../../../cluster/host/process-identity.ts';

/** @param setUp what the shell has done when this resolves. */
async function startProcess(
  script = 'exec sleep 600',
  setUp = ':',
): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn('/bin/sh', ['-c', `${setUp}; echo started; ${script}`], { detached: true });
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
  const { child, identity } = await startProcess('while :; do sleep 0.01; done', 'trap "exit 7" TERM');
  const ended = once(child, 'exit');
  await stopProcess(identity, { graceMs: 10_000 });
  expect(await ended).toEqual([7, null]);
});

test('a process that ignores SIGTERM is killed after its grace', async () => {
  const { child, identity } = await startProcess('while :; do sleep 0.01; done', 'trap "" TERM');
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

const hasPython = spawnSync('python3', ['-c', '']).status === 0;
test.skipIf(!hasPython || process.platform !== 'linux')(
  'a process whose first thread has ended runs as long as another does',
  async () => {
    // As etcd when it is killed while the kernel writes for one of its threads: its ports are not free yet.
    const script = `import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print("started", flush=True)
ctypes.CDLL(None).pthread_exit(None)`;
    const child = spawn('python3', ['-c', script], { detached: true });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const firstThread = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ')[2];
    await expect.poll(firstThread).toBe('Z');
    const identity = (await identifyProcess(child.pid!))!;
    expect(await processState(identity)).toBe('running');
    await stopProcess(identity, { graceMs: 0 });
    expect(await processState(identity)).toBe('gone');
  },
);

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
