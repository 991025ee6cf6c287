/**
 * `vase etcd`: says which etcd the cluster runs and which a new one would run, and why; with a release, gets that and prints
 * its folder, for scripts and tests.
 */
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { chooseEtcd, obtainEtcd, type Choice } from '../../cluster/etcd/choose-etcd.ts';
import type { ClusterEtcd } from '../../cluster/etcd/cluster-etcd.ts';
import { etcdSearch, type EtcdBinary, type EtcdSearch } from '../../cluster/etcd/etcd-binary.ts';
import { obtainRelease, type ObtainOptions } from '../../cluster/etcd/obtain-release.ts';
import { defaultMinor, releases, releasesFor } from '../../cluster/etcd/releases.ts';
import { ClusterError, UsageError } from '../../cluster/errors.ts';
import { withContext, type CommandContext } from '../context/command-context.ts';
import { binaries } from '../context/places.ts';

export function addEtcdCommand(program: Command): void {
  program
    .command('etcd')
    .description('Say which etcd runs and why; with a release, fetch or build it and print its folder.')
    .argument(
      '[release]',
      'a version or a minor of the list below, or default: what `up` takes for a new cluster',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nReleases: ${releases.map(({ version }) => version).join(', ')}; a minor is the one of its patches that can be had.` +
        '\nAn archive is fetched where its SHA-256 is known for this machine, else Go builds etcd from its own module, which' +
        '\ntakes a minute or two. Both are kept in .vase/bin/fetched (VASE_BIN=<folder>: elsewhere), for every cluster.' +
        '\n\nVASE_ETCD=<program or folder> names the etcd of a new cluster: VASE_ETCD=$(vase etcd 3.7) make up.',
    )
    .action((release: string | undefined, flags: { json?: boolean }) => {
      if (release !== undefined && release !== 'default' && releasesFor(release).length === 0)
        throw new UsageError(
          `no etcd ${release} can be fetched or built; these can: ${releases.map(({ version }) => version).join(', ')}`,
        );
      return withContext(flags, async (context) => {
        const search = etcdSearch({ environment: process.env, binaries });
        if (release === undefined) await tell(search, context);
        else await get(release, search, context);
      });
    });
}

async function tell(search: EtcdSearch, { provider, printer }: CommandContext): Promise<void> {
  const { etcd } = await provider.status();
  const choice = await chooseEtcd(search);
  printer.result([...describeCluster(etcd), ...describeChoice(choice)].join('\n'), {
    cluster: etcd,
    chosen: choice.binary && { path: choice.binary.path, version: choice.binary.version, why: choice.why },
    passedOver: choice.passedOver,
  });
}

function describeCluster(etcd: ClusterEtcd | null): string[] {
  if (etcd === null) return [];
  return [
    `The cluster runs etcd ${etcd.version} at ${etcd.path}, as its state records; it goes on with that.`,
  ];
}

function describeChoice(choice: Choice): string[] {
  const passedOver = choice.passedOver.map((reason) => `Passed over: ${reason}`);
  if (choice.binary !== null) {
    const { version, path } = choice.binary;
    return [`A new cluster runs etcd ${version} at ${path}: ${choice.why}.`, ...passedOver];
  }
  const { lastResort } = choice;
  const otherwise =
    lastResort === null ? "the distribution's package" : `etcd ${lastResort.version} at ${lastResort.path}`;
  return [
    `A new cluster gets etcd ${defaultMinor}, fetched from its release page or built with Go; failing that, ${otherwise}. ` +
      '`vase etcd default` gets it now.',
    ...passedOver,
  ];
}

async function get(release: string, search: EtcdSearch, { printer, signal }: CommandContext): Promise<void> {
  const progress = (text: string) => printer.progress(text, { event: 'progress', text });
  const { path, version } = await obtain(release, search, { signal, progress });
  printer.result(dirname(path), { folder: dirname(path), path, version });
}

/** @throws ClusterError when no try gets it: it says what was tried. */
async function obtain(release: string, search: EtcdSearch, options: ObtainOptions): Promise<EtcdBinary> {
  if (release === 'default') return (await obtainEtcd(search, options)).binary;
  const { binary, failures } = await obtainRelease(releasesFor(release), search, options);
  if (binary !== null) return binary;
  throw new ClusterError(`etcd ${release} cannot be had:\n  ${failures.join('\n  ')}`, {
    nextStep: 'Install Go, with which Vase builds etcd, or put that etcd on PATH yourself.',
  });
}
