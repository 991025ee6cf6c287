// Real faults on real processes under a generated workload, and the checker's verdict: ok for the unchanged store, and
// not linearizable for one whose reads are serializable.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exitCodeOf, type LiveResult } from '../../scripts/live/live-result.ts';
import { runLive } from '../../scripts/live/run-live.ts';
import { processesOf } from '../../scripts/live/heal.ts';
import { startLocalCluster } from '../support/local-cluster.ts';
import { ended, VaseCommand } from './vase-command.ts';

const size = { shards: 1, members: 3, sharders: 2 };
const upArguments = ['up', '--shards', '1', '--members', '3', '--sharders', '2', '--port', '0'];
const triesMax = 5;

async function withCluster(): Promise<VaseCommand> {
  const vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  expect((await vase.run(upArguments)).exitCode).toBe(0);
  return vase;
}

test('a run is linearizable, enough happens in it, and it leaves the cluster well and a report', async () => {
  const vase = await withCluster();
  const { exitCode, stdout } = await vase.run(['nemesis', '--duration', '30', '--seed', '1', '--json']);
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as LiveResult;
  expect(result).toMatchObject({ verdict: 'ok', findings: [], shortcomings: [], isHealthy: true, seed: 1 });
  expect(exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
  expect(readFileSync(join(result.folder, 'report.html'), 'utf8')).toContain('<title>Linearizable');
  const check = await vase.run(['check', join(result.folder, 'history.jsonl')]);
  expect(check.stdout).toContain(result.explanation);
});

test('an interrupted run undoes its faults', async () => {
  const vase = await withCluster();
  const run = vase.start(['nemesis', '--duration', '60', '--seed', '1']);
  const end = ended(run);
  const isStruck = async () => processesOf(await vase.status()).some(({ process }) => process !== 'running');
  await expect.poll(isStruck, { timeout: 30_000 }).toBe(true);
  run.kill('SIGINT');
  expect(await end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('interrupted by SIGINT') });
  expect((await vase.status()).health).toBe('ready');
});

test('without a cluster it is a wrong use, and says what to do', async () => {
  const vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  const { exitCode, stderr } = await vase.run(['nemesis']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('`make up`') });
  expect(existsSync(join(vase.stateRoot, 'runs'))).toBe(false);
});

test(`serializable reads of any member are caught within ${triesMax} tries`, async () => {
  const cluster = await startLocalCluster(size, { seededBug: 'serializable reads, of any member' });
  onTestFinished(() => cluster.close());
  const runs = await mkdtemp(join(tmpdir(), 'vase-live-'));
  onTestFinished(() => rm(runs, { recursive: true, force: true }));
  const exitCodes: number[] = [];
  for (let seed = 1; seed <= triesMax && !exitCodes.includes(4); seed++) {
    const folder = join(runs, String(seed));
    const settings = { seed, durationMs: 15_000, folder, signal: new AbortController().signal };
    exitCodes.push(exitCodeOf(await runLive(cluster.provider, { ...settings, onProgress: () => undefined })));
  }
  expect(exitCodes).toContain(4);
  expect((await cluster.provider.status()).health).toBe('ready');
});
