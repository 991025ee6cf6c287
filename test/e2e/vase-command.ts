/** Runs the command line as a user does, on its own state folder, and leaves nothing behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { LocalProvider } from '../../cluster/providers/local/local-provider.ts';
import type { ClusterStatus } from '../../cluster/providers/provider.ts';

export const checkout = join(import.meta.dirname, '..', '..');

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Standard output, byte for byte. */
  bytes: Buffer;
}

export class VaseCommand {
  readonly stateRoot: string;
  /** The provider that the commands use, on the same folder. */
  readonly provider: LocalProvider;

  constructor() {
    this.stateRoot = join(mkdtempSync(join(tmpdir(), 'vase-e2e-')), 'state');
    this.provider = new LocalProvider({
      checkout,
      stateRoot: this.stateRoot,
      binaries: join(checkout, '.vase', 'bin'),
      environment: process.env,
      nodePath: process.execPath,
    });
  }

  start(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [join(checkout, 'scripts', 'vase.js'), ...args], {
      // Not the checkout: no command may depend on the current folder.
      cwd: tmpdir(),
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        VASE_ETCD: process.env['VASE_ETCD'],
        VASE_STATE: this.stateRoot,
        // Without this, `up` would choose kind where Docker runs.
        VASE_PROVIDER: 'local',
        ...environment,
      },
    });
  }

  async run(
    args: readonly string[],
    options: { input?: Uint8Array; environment?: Record<string, string> } = {},
  ): Promise<Ended> {
    const child = this.start(args, options.environment);
    child.stdin!.end(options.input);
    return ended(child);
  }

  /** The status of `vase status --json`, without the time that a command takes to start. */
  async status(): Promise<ClusterStatus> {
    return this.provider.status();
  }

  /** Pids of all running processes that name this state folder, ascending; found without Vase's own records. */
  processes(): number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    return pids
      .filter((pid) => commandLine(pid).includes(this.stateRoot))
      .map(Number)
      .toSorted((a, b) => a - b);
  }

  /** The keeper's pid in the state. */
  async keeperPid(): Promise<number> {
    const text = await readFile(join(this.stateRoot, 'cluster.json'), 'utf8');
    return (JSON.parse(text) as { keeper: { process: { pid: number } } }).keeper.process.pid;
  }

  async remove(): Promise<void> {
    await this.provider.close();
    await this.run(['clean']);
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(join(this.stateRoot, '..'), { recursive: true, force: true });
  }
}

/** Empty for a process that has ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [bytes, stderr, exitCode] = await Promise.all([buffer(child.stdout!), buffer(child.stderr!), closed]);
  return { exitCode, stdout: bytes.toString(), stderr: stderr.toString(), bytes };
}

/** Sizes for tests that need a cluster and no more: it is up in about two seconds. */
export const smallCluster = ['--shards', '1', '--members', '1', '--sharders', '1', '--port', '0'];
