/** The environment of a run: what its figures depend on, and what another person has to know to repeat it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { chooseEtcd } from '../../../cluster/etcd/choose-etcd.ts';
import { etcdSearch } from '../../../cluster/etcd/etcd-binary.ts';
import type { ClusterStatus } from '../../../cluster/providers/provider.ts';
import { runCommand } from '../../../cluster/host/run-command.ts';
import type { BenchPlan, Environment } from '../records/run-data.ts';

/** @param checkout the folder with package.json. `binaries`: a folder that may hold an etcd that is not on PATH. */
export async function readEnvironment(
  { checkout, binaries }: { checkout: string; binaries: string },
  plan: BenchPlan,
): Promise<Environment> {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
  return {
    machine: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
    node: process.version,
    etcd: plan.provider === 'local' ? await readEtcdVersion(binaries) : 'unknown',
    vase: version,
    commit: await readCommit(checkout),
    provider: plan.provider,
    disk: '',
    fsyncP99Ms: null,
  };
}

/** "unknown" where there is none yet. */
async function readEtcdVersion(binaries: string): Promise<string> {
  const { binary } = await chooseEtcd(etcdSearch({ environment: process.env, binaries }));
  return binary?.version ?? 'unknown';
}

/** Adds what only a running cluster can tell: etcd's versions, and the disks. `status`: of the time when the load had ended. */
export function withCluster(environment: Environment, { shards, disk }: ClusterStatus): Environment {
  const versions = shards.flatMap(({ members }) => members.map(({ etcd }) => etcd?.version));
  const seen =
    disk === null ? 'off' : `${disk.name} (${disk.uncapped.length === 0 ? 'emulated' : 'not emulated'})`;
  const p99s = [environment.fsyncP99Ms, ...shards.map(({ fsync }) => fsync?.p99Ms)].filter(
    (figure) => figure !== undefined && figure !== null,
  );
  return {
    ...environment,
    etcd: joined(environment.etcd, ...versions.filter((version) => version !== undefined)),
    disk: joined(environment.disk, seen),
    fsyncP99Ms: p99s.length === 0 ? null : Math.max(...p99s),
  };
}

/** Each once, in the order in which they were seen. */
function joined(known: string, ...seen: string[]): string {
  const names = known.split(', ').filter((name) => name !== '' && (name !== 'unknown' || seen.length === 0));
  return [...new Set([...names, ...seen])].join(', ');
}

/** With "-modified" and a hash of the changes when the sources differ from the commit. */
async function readCommit(checkout: string): Promise<string> {
  try {
    const { stdout: commit } = await runCommand('git', ['-C', checkout, 'rev-parse', '--short=12', 'HEAD']);
    const { stdout: changes } = await runCommand('git', ['-C', checkout, 'status', '--porcelain']);
    if (changes.trim() === '') return commit.trim();
    const { stdout: difference } = await runCommand('git', ['-C', checkout, 'diff', '--binary', 'HEAD']);
    const hash = createHash('sha256').update(changes).update(difference).digest('hex').slice(0, 8);
    return `${commit.trim()}-modified-${hash}`;
  } catch {
    // No git, or no repository: a downloaded archive, for example.
    return 'unknown';
  }
}
