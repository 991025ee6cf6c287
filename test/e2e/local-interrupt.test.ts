// Ctrl-C, crashes of the command itself, and two commands at once.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import getPort from 'get-port';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ended, smallCluster, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeEach(() => {
  vase = new VaseCommand();
  const own = vase;
  onTestFinished(() => own.remove());
});

/** Starts `up` and sends a signal as soon as it reports the begin of this step. */
async function signalAtStep(args: readonly string[], step: RegExp, signal: NodeJS.Signals) {
  const child = vase.start(['up', ...args, '--json']);
  const end = ended(child);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as { event: string; step?: string };
    if (event.event === 'started' && step.test(event.step ?? '')) child.kill(signal);
  });
  return end;
}

test.each([
  ['SIGINT', /^Start 1 shard/, '3'],
  ['SIGTERM', /^Write the view/, '1'],
  ['SIGINT', /^Start 1 sharder/, '1'],
  ['SIGINT', /^Write and read/, '1'],
] as const)('%s at %s leaves neither process nor data', async (signal, step, members) => {
  const up = await signalAtStep([...smallCluster, '--members', members], step, signal);
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain(`interrupted by ${signal}`);
  expect(vase.processes()).toEqual([]);
  expect(readdirSync(join(vase.stateRoot, 'data'))).toEqual([]);
  expect((await vase.status()).health).toBe('absent');
});

test('an interrupted change of a running cluster leaves what ran before', async () => {
  expect((await vase.run(['up', ...smallCluster])).exitCode).toBe(0);
  const before = vase.processes();
  const up = await signalAtStep(['--sharders', '3'], /^Start 3 sharders/, 'SIGINT');
  expect(up.exitCode).toBe(1);
  expect(vase.processes()).toEqual(before);
  expect(await vase.status()).toMatchObject({ health: 'ready', sharders: [{ name: 'sharder-1' }] });
});

test('a port that others came to share after it was found free is refused, and nothing is left', async () => {
  const port = await getPort();
  const child = vase.start(['up', ...smallCluster, '--port', String(port), '--json']);
  const end = ended(child);
  const other = createServer();
  onTestFinished(() => void other.close());
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const { event, step } = JSON.parse(line) as { event: string; step?: string };
    if (event === 'started' && step === 'Start 1 shard of 1 member')
      other.listen({ port, host: '127.0.0.1', reusePort: true });
  });
  const up = await end;
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain(`port ${port} is shared with`);
  expect(up.stderr).toContain(`(process ${process.pid})`);
  expect(vase.processes()).toEqual([]);
  expect((await vase.status()).health).toBe('absent');
});

test('an interrupted change that replaces every sharder and view server starts again what ran before', async () => {
  expect((await vase.run(['up', ...smallCluster])).exitCode).toBe(0);
  const before = await vase.status();
  const [httpPort, viewPort] = [await getPort(), await getPort()];
  const file = `${vase.stateRoot}.yaml`;
  writeFileSync(file, `ports: { view: ${viewPort} }\nmoves: { keysPerSecond: 7 }\n`);
  const change = ['--port', String(httpPort), '--topology', file];
  const up = await signalAtStep(change, /^Write and read/, 'SIGINT');
  expect(up.stderr).toContain('interrupted by SIGINT');
  await expect.poll(async () => (await vase.status()).health, { timeout: 30_000 }).toBe('ready');
  const after = await vase.status();
  expect(after.endpoint).toBe(before.endpoint);
  expect(after.viewServers[0]!.endpoint).toBe(before.viewServers[0]!.endpoint);
  expect((await vase.run(['put', 'key', 'value'])).exitCode).toBe(0);
  expect((await vase.run(['up'])).stdout).toContain('nothing changed');
});

test('what a killed up has left is stopped by down and by clean', async () => {
  const up = await signalAtStep(smallCluster, /^Write the view/, 'SIGKILL');
  expect(up.exitCode).toBeNull();
  expect(vase.processes()).not.toEqual([]);
  expect((await vase.run(['clean'])).exitCode).toBe(0);
  expect(vase.processes()).toEqual([]);
  expect(existsSync(vase.stateRoot)).toBe(false);
});

test('of two that run at once, one does the work and the other is told who does', async () => {
  const both = await Promise.all([vase.run(['up', ...smallCluster]), vase.run(['up', ...smallCluster])]);
  const [done, refused] = both.toSorted((a, b) => a.exitCode! - b.exitCode!);
  expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Ready at') });
  // The slower one may start when all is done.
  if (refused!.exitCode === 0) expect(refused!.stdout).toContain('nothing changed');
  else expect(refused!.stderr).toMatch(/`vase up` is running on .* \(process \d+\)/);
  // A member, a sharder, a view server and the keeper.
  expect(vase.processes()).toHaveLength(4);
});

test('two state folders hold two clusters that know nothing of each other', async () => {
  const other = new VaseCommand();
  onTestFinished(() => other.remove());
  const ups = await Promise.all([vase.run(['up', ...smallCluster]), other.run(['up', ...smallCluster])]);
  expect(ups.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  await vase.run(['put', 'key', 'one']);
  await other.run(['put', 'key', 'two']);
  expect((await vase.run(['get', 'key'])).stdout).toBe('one');
  await vase.run(['clean']);
  expect((await other.run(['get', 'key'])).stdout).toBe('two');
});
