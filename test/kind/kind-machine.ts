/** What the tests of kind share: whether this machine can, and the command line as a user runs it on kind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KindProvider } from '../../cluster/providers/kind/kind-provider.ts';
import { whyNotKind } from '../../cluster/providers/kind/why-not-kind.ts';
import { runCommand } from '../../cluster/host/run-command.ts';
import { topologyFromEnvironment } from '../../cluster/topology/topology-input.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { checkout, ended, type Ended } from '../e2e/vase-command.ts';

/** Null when a kind cluster can be made here with the images that the environment names, else why not. */
export async function whyNoKind(): Promise<string | null> {
  return whyNotKind(parseTopology({ images: topologyFromEnvironment(process.env)['images'] }));
}

export class KindCommand {
  /** Of the kind cluster, the namespace and the nodes. */
  readonly name: string;
  readonly root: string;
  readonly stateRoot: string;
  /** The provider that the commands use, on the same folder. */
  readonly provider: KindProvider;

  constructor(name: string) {
    this.name = name;
    this.root = mkdtempSync(join(tmpdir(), 'vase-kind-'));
    this.stateRoot = join(this.root, 'state');
    this.provider = new KindProvider({ checkout, stateRoot: this.stateRoot, profile: null });
  }

  start(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
    return spawn(process.execPath, [join(checkout, 'scripts', 'vase.js'), ...args], {
      cwd: tmpdir(),
      env: {
        ...process.env,
        VASE_STATE: this.stateRoot,
        VASE_PROVIDER: 'kind',
        // No command may look at the user's own.
        KUBECONFIG: join(this.root, 'no-such-kubeconfig'),
        ...environment,
      },
    });
  }

  async run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
    const child = this.start(args, environment);
    child.stdin!.end();
    return ended(child);
  }

  async kubectl(...args: string[]): Promise<string> {
    const kubeconfig = join(this.stateRoot, 'kind', 'kubeconfig');
    const to = ['--kubeconfig', kubeconfig, '--context', `kind-${this.name}`, '--namespace', this.name];
    return (await runCommand('kubectl', [...to, ...args], { timeoutMs: 240_000 })).stdout;
  }

  /** Containers and volumes of Docker that this cluster has. */
  async traces(): Promise<string[]> {
    const label = ['--filter', `label=io.x-k8s.kind.cluster=${this.name}`];
    const { stdout } = await runCommand('docker', ['ps', '--all', '--quiet', ...label]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  async remove(): Promise<void> {
    await this.provider.close();
    await this.run(['down']);
    await runCommand('kind', [
      'delete',
      'cluster',
      '--name',
      this.name,
      '--kubeconfig',
      join(this.root, 'unused'),
    ]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What is measured is shown: the figures are part of what the project says of itself. */
export function report(what: string, tookMs: number): void {
  process.stderr.write(`${what}: ${(tookMs / 1000).toFixed(0)} s\n`);
}
