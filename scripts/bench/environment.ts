/** Where a run was made: what its figures depend on and somebody else has to know to repeat it. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { ClusterStatus } from '../../cluster/providers/provider.ts';
import { runCommand } from '../../cluster/run-command.ts';
import type { BenchPlan, Environment } from './run-data.ts';

/** @param checkout the folder with package.json. */
export async function readEnvironment(checkout: string, plan: BenchPlan): Promise<Environment> {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
  return {
    machine: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
    node: process.version,
    etcd: 'unknown',
    vase: version,
    commit: await readCommit(checkout),
    provider: plan.provider,
    disk: '',
  };
}

/** What only a cluster that is up can tell: etcd's version, and the disks. */
export function withCluster(environment: Environment, { shards, disk }: ClusterStatus): Environment {
  const versions = shards.flatMap(({ members }) => members.map(({ etcd }) => etcd?.version));
  const seen =
    disk === null ? 'off' : `${disk.name} (${disk.uncapped.length === 0 ? 'emulated' : 'not emulated'})`;
  const disks = environment.disk.split(', ').filter((name) => name !== '');
  return {
    ...environment,
    etcd: versions.find((version) => version !== undefined) ?? environment.etcd,
    disk: [...new Set([...disks, seen])].join(', '),
  };
}

/** With "-modified" where the sources are not those of the commit. */
async function readCommit(checkout: string): Promise<string> {
  try {
    const { stdout: commit } = await runCommand('git', ['-C', checkout, 'rev-parse', '--short=12', 'HEAD']);
    const { stdout: changes } = await runCommand('git', ['-C', checkout, 'status', '--porcelain']);
    return `${commit.trim()}${changes.trim() === '' ? '' : '-modified'}`;
  } catch {
    // No git, or no repository: a downloaded archive, for example.
    return 'unknown';
  }
}
