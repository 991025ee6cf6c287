/**
 * Builds an etcd from its own Go module, when the machine has Go: `go.mod` names the release, `go.sum` holds the checksums
 * of all its modules. The first build takes a minute or two.
 */
import { join } from 'node:path';
import { CommandError } from '../host/command-error.ts';
import { runCommand } from '../host/run-command.ts';
import type { FetchOptions } from './fetch-release.ts';

const tellEveryMs = 3000;
const askMsMax = 20_000;
/** The longest build: on a slow machine, with all downloads. */
const buildMsMax = 1_800_000;

/**
 * @param module the folder of its go.mod.
 * @param options.progress hears every few seconds what is downloaded, or how many packages have been compiled.
 * @returns the path of the program.
 * @throws Error that says why there is none.
 */
export async function buildRelease(
  module: string,
  options: FetchOptions & { progress?: ((text: string) => void) | undefined },
): Promise<string> {
  const { workFolder, signal, progress } = options;
  const settings = {
    cwd: module,
    signal,
    // Go itself is not fetched, and no user setting changes this build.
    extraEnvironment: { GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' },
  };
  const go = await askGo(settings);
  let packages = 0;
  let toldAtMs = -tellEveryMs;
  const path = join(workFolder, 'etcd');
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-v', '-o', path];
  try {
    await runCommand('go', ['build', ...flags, 'go.etcd.io/etcd/server/v3'], {
      ...settings,
      timeoutMs: buildMsMax,
      onErrorLine: (line) => {
        const isDownload = line.startsWith('go: downloading');
        if (!isDownload) packages += 1;
        if (performance.now() - toldAtMs < tellEveryMs) return;
        toldAtMs = performance.now();
        progress?.(isDownload ? line : `${packages} packages compiled by ${go}`);
      },
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.result.exitCode === null) throw error;
    // The last line of its output says why.
    const why = error.output.trim().split('\n').at(-1);
    throw new Error(`${go}: ${why}`, { cause: error });
  }
  return path;
}

/** @returns for example "go1.26.8". */
async function askGo(settings: { cwd: string; extraEnvironment: Record<string, string> }): Promise<string> {
  try {
    const { stdout } = await runCommand('go', ['env', 'GOVERSION'], { ...settings, timeoutMs: askMsMax });
    return stdout.trim();
  } catch (error) {
    throw new Error('this machine has no Go that can be run', { cause: error });
  }
}
