/** `vase etcd`: the path of the etcd that Vase runs, fetched if need be. For scripts and tests. */
import type { Command } from 'commander';
import { obtainEtcd } from '../../cluster/etcd/etcd-binary.ts';
import { etcdRelease } from '../../cluster/etcd/etcd-release.ts';
import { etcdSearch } from '../../cluster/providers/local/local-context.ts';
import { binaries, withContext } from '../command-context.ts';

export function addEtcdCommand(program: Command): void {
  program
    .command('etcd')
    .description('Print the path of the etcd that Vase runs; fetch one where there is none.')
    .option('--json', 'print JSON')
    .action((flags: { json?: boolean }) =>
      withContext(flags, async ({ printer, signal }) => {
        const search = etcdSearch({ environment: process.env, binaries });
        const { path, version } = await obtainEtcd(search, { release: etcdRelease, signal });
        printer.result(path, { path, version });
      }),
    );
}
