/** `vase status`: shows the state of the cluster, what is wrong, and what to do. Exit code 1 when something is wrong. */
import type { Command } from 'commander';
import type { ClusterHealth, ClusterStatus, MemberStatus } from '../../cluster/providers/provider.ts';
import { describeDisk } from '../../cluster/disk/disk-profile.ts';
import { resolutionMs } from '../../cluster/metrics/fsync-histogram.ts';
import { withContext } from '../context/command-context.ts';
import { style } from '../terminal/printer.ts';
import { describeBytes, drawTable } from '../terminal/table.ts';

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('Show shards, members, leaders and sharders, what is wrong and what to do.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when something is wrong with a cluster that should run.')
    .action((flags: { json?: boolean }) =>
      withContext(flags, async ({ provider, printer }) => {
        const status = await provider.status();
        printer.result(describeStatus(status), status);
        if (status.health === 'degraded' || status.health === 'unavailable') process.exitCode = 1;
      }),
    );
}

function describeStatus(status: ClusterStatus): string {
  const problems = status.problems.map(({ what, fix }) => `${style.warning('!')} ${what}\n  ${fix}`);
  const tables =
    status.health === 'absent' || status.health === 'stopped'
      ? []
      : [memberTable(status), diskTable(status), sharderTable(status), ...viewServerTables(status)];
  const { etcd } = status;
  const members = etcd === null ? [] : [`Members run etcd ${etcd.version} at ${etcd.path}.`];
  return [headline(status), ...tables, ...members, ...problems, ...status.notes].join('\n');
}

function headline({ health, endpoint }: ClusterStatus): string {
  const words: Record<ClusterHealth, string> = {
    absent: 'There is no cluster. `make up` makes one.',
    stopped: 'The cluster is down; its data are kept. `make up` starts it.',
    ready: style.good(`Ready at ${endpoint}`),
    degraded: style.warning(`Serving at ${endpoint}, and not everything is well`),
    unavailable: style.bad(`Not serving all keys at ${endpoint}`),
  };
  return words[health];
}

function memberTable({ shards }: ClusterStatus): string {
  const rows = shards.flatMap((shard) =>
    shard.members.map(({ name, process, pid, restarts, endpoint, etcd }) => [
      shard.name,
      name,
      process,
      pid ?? '-',
      restarts.count,
      endpoint,
      roleOf(etcd, shard.leader === name),
      etcd?.version ?? '-',
      etcd === null ? '-' : describeBytes(etcd.dbSizeBytes),
      etcd?.raftTerm ?? '-',
    ]),
  );
  return drawTable(
    ['shard', 'member', 'process', 'pid', 'restarts', 'endpoint', 'role', 'etcd', 'db size', 'term'],
    rows,
  );
}

function roleOf(etcd: MemberStatus['etcd'], leads: boolean): string {
  if (leads) return 'leader';
  if (etcd === null) return '-';
  return etcd.isLearner ? 'learner' : 'follower';
}

/** etcd's measurements of its disk, beside the emulated disk's figures. */
function diskTable({ shards, disk }: ClusterStatus): string {
  const rows = shards.map(({ name, fsync, members }) => [
    name,
    fsync?.fsyncs ?? '-',
    fsync === null ? '-' : duration(fsync.p50Ms),
    fsync === null ? '-' : duration(fsync.p99Ms),
    disk === null
      ? 'as it is'
      : members.some((member) => disk.uncapped.includes(member.name))
        ? `${disk.name} (not emulated)`
        : describeDisk(disk),
  ]);
  return drawTable(['shard', 'syncs since start', 'fsync p50', 'fsync p99', 'disk'], rows);
}

function duration(ms: number): string {
  return ms < resolutionMs ? `< ${resolutionMs} ms` : `${ms.toFixed(1)} ms`;
}

function sharderTable({ sharders }: ClusterStatus): string {
  const rows = sharders.map(({ name, process, pid, restarts, adminEndpoint, ready }) => [
    name,
    process,
    pid ?? '-',
    restarts.count,
    adminEndpoint,
    ready ? 'ready' : 'not ready',
  ]);
  return drawTable(['sharder', 'process', 'pid', 'restarts', 'probes and metrics', 'state'], rows);
}

function viewServerTables({ viewServers }: ClusterStatus): string[] {
  if (viewServers.length === 0) return [];
  const rows = viewServers.map(({ name, process, pid, restarts, endpoint, ready }) => [
    name,
    process,
    pid ?? '-',
    restarts.count,
    endpoint,
    ready ? 'ready' : 'not ready',
  ]);
  return [drawTable(['view server', 'process', 'pid', 'restarts', 'endpoint', 'state'], rows)];
}
