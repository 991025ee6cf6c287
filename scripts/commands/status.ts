/** `vase status`: how the cluster is, what is wrong, and what to do. Exit code 1 when something is wrong. */
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { ClusterHealth, ClusterStatus } from '../../cluster/providers/provider.ts';
import { withContext } from '../command-context.ts';
import { style } from '../printer.ts';

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
      : [memberTable(status), sharderTable(status)];
  return [headline(status), ...tables, ...problems, ...status.notes].join('\n');
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
    shard.members.map(({ name, process, pid, endpoint, etcd }) => [
      shard.name,
      name,
      process,
      pid ?? '-',
      endpoint,
      shard.leader === name ? 'leader' : etcd === null ? '-' : 'follower',
      etcd?.version ?? '-',
      etcd === null ? '-' : size(etcd.dbSizeBytes),
      etcd?.raftTerm ?? '-',
    ]),
  );
  return table(['shard', 'member', 'process', 'pid', 'endpoint', 'role', 'etcd', 'db size', 'term'], rows);
}

function sharderTable({ sharders }: ClusterStatus): string {
  const rows = sharders.map(({ name, process, pid, adminEndpoint, ready }) => [
    name,
    process,
    pid ?? '-',
    adminEndpoint,
    ready ? 'ready' : 'not ready',
  ]);
  return table(['sharder', 'process', 'pid', 'probes and metrics', 'state'], rows);
}

/** Columns without lines, so that the output can be cut and searched. */
function table(head: string[], rows: (string | number)[][]): string {
  const none = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', left: '', right: '', middle: '  ' };
  const edges = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const bottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  const drawn = new Table({
    head: head.map((title) => style.strong(title)),
    chars: { ...none, ...edges, ...bottom },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...rows);
  return drawn.toString().replaceAll(/ +$/gm, '');
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
