// The run finds members of a real cluster that end without the nemesis, and the time without an answer that follows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ClusterStatus, MemberStatus } from '../../cluster/providers/provider.ts';
import { exitCodeOf, type LiveResult } from '../../scripts/live/live-result.ts';
import { runLive } from '../../scripts/live/run-live.ts';
import { startLocalCluster } from '../support/local-cluster.ts';
import { ended, VaseCommand } from './vase-command.ts';

const size = { shards: 1, members: 3, sharders: 2 };
const upArguments = ['up', '--shards', '1', '--members', '3', '--sharders', '2', '--port', '0'];

/** While the nemesis has one member of a shard paused, it leaves the others alone. @returns the members that run. */
async function whenOneIsPaused(status: () => Promise<ClusterStatus>): Promise<MemberStatus[]> {
  let members: MemberStatus[] = [];
  const isPaused = async () => {
    members = (await status()).shards[0]!.members;
    return members.some(({ process }) => process === 'paused');
  };
  await expect.poll(isPaused, { timeout: 30_000, interval: 100 }).toBe(true);
  return members.filter(({ process }) => process === 'running');
}

test('a member that is killed and started again behind its back is a finding with an exit code of its own', async () => {
  const vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  expect((await vase.run(upArguments)).exitCode).toBe(0);
  const end = ended(vase.start(['nemesis', '--duration', '20', '--seed', '1', '--json']));
  const [victim] = await whenOneIsPaused(() => vase.status());
  process.kill(victim!.pid!, 'SIGKILL');
  const { exitCode, stdout } = await end;
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as LiveResult;
  expect(result).toMatchObject({ verdict: 'ok', isHealthy: true });
  expect(result.findings).toMatchObject([{ kind: 'process-ended', who: victim!.name }]);
  expect(exitCode).toBe(7);
});

test('two of three members that end and stay away are two findings, and the silence of their shard is one', async () => {
  const cluster = await startLocalCluster(size, { keeper: false });
  onTestFinished(() => cluster.close());
  const folder = await mkdtemp(join(tmpdir(), 'vase-live-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { signal } = new AbortController();
  const settings = { seed: 1, durationMs: 30_000, folder, signal, onProgress: () => undefined };
  const run = runLive(cluster.provider, settings);
  const victims = await whenOneIsPaused(() => cluster.provider.status());
  for (const { pid } of victims) process.kill(pid!, 'SIGKILL');
  const result = await run;
  expect(result).toMatchObject({ verdict: 'ok', isHealthy: true });
  const found = result.findings.map(({ kind, who }) => `${kind} ${who}`);
  const expected = [...victims.map(({ name }) => `process-ended ${name}`), 'no-answer etcd-1'];
  expect(found.toSorted()).toEqual(expected.toSorted());
  expect(exitCodeOf(result)).toBe(7);
});
