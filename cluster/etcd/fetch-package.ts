/**
 * Takes etcd out of the distribution's package etcd-server (Debian, Ubuntu) without installing it: the package is
 * downloaded and unpacked, so no service starts and the machine stays as it was.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../host/command-error.ts';
import { runCommand } from '../host/run-command.ts';
import type { FetchOptions } from './fetch-release.ts';

const packageName = 'etcd-server';
const downloadTimeoutMs = 300_000;

/**
 * @returns the path of the unpacked `etcd`. apt has checked the package's signature.
 * @throws Error that says why there is none.
 */
export async function fetchPackage({ workFolder, signal }: FetchOptions): Promise<string> {
  await downloadPackage(workFolder, signal);
  const file = readdirSync(workFolder).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get downloaded no package ${packageName}`);
  const unpacked = join(workFolder, 'unpacked');
  await runCommand('dpkg', ['-x', join(workFolder, file), unpacked], { signal });
  return join(unpacked, 'usr', 'bin', 'etcd');
}

/** If package lists are missing or old, as in a fresh container, they are updated once, provided that this process is root. */
async function downloadPackage(cwd: string, signal: AbortSignal): Promise<void> {
  const settings = { cwd, signal, timeoutMs: downloadTimeoutMs };
  try {
    await runCommand('apt-get', ['download', packageName], settings);
  } catch (error) {
    const hasApt = error instanceof CommandError && error.result.exitCode !== null;
    if (!hasApt || process.getuid?.() !== 0) throw error;
    await runCommand('apt-get', ['update', '-q'], settings);
    await runCommand('apt-get', ['download', packageName], settings);
  }
}
