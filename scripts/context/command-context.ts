/** What every command needs: the provider, a printer, and a signal that Ctrl-C and SIGTERM abort. */
import { join } from 'node:path';
import { ClusterError } from '../../cluster/errors.ts';
import type { ActionOptions, Provider } from '../../cluster/providers/provider.ts';
import type { Topology } from '../../cluster/topology/topology.ts';
import { createPrinter, type Printer } from '../terminal/printer.ts';

/** The folder with package.json. No command depends on the current folder. */
export const checkout = join(import.meta.dirname, '..', '..');

/** An etcd of the user's, and those that were fetched or built; the same for every state folder. */
export const binaries = process.env['VASE_BIN'] || join(checkout, '.vase', 'bin');

export interface CommandContext {
  provider: Provider;
  printer: Printer;
  signal: AbortSignal;
  /** For the provider's actions. */
  options: ActionOptions;
}

export interface ContextFlags {
  json?: boolean;
  /** Where the cluster runs; wins over VASE_PROVIDER. */
  provider?: string;
  /** Of a new kind cluster; wins over VASE_KIND_PROFILE. */
  profile?: string;
  /** What a command that makes a cluster will ask for: without a word of the user's, the provider is chosen by it. */
  makes?: Pick<Topology, 'images'>;
}

/**
 * Runs a command's body; gives back what it used, whatever happens. A signal, or the end of whoever reads the output,
 * asks the body to end and clean up; a second one changes nothing, because half a clean-up would leave processes behind.
 */
export async function withContext(
  flags: ContextFlags,
  body: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const { signal, release } = listenForInterrupts();
  // It knows all of the providers: the help of a command needs none.
  const { chooseProvider } = await import('./choose-provider.ts');
  const { provider, why } = await chooseProvider({
    provider: flags.provider ?? process.env['VASE_PROVIDER'],
    profile: flags.profile ?? process.env['VASE_KIND_PROFILE'],
    checkout,
    binaries,
    stateRoot: stateRoot(),
    makes: flags.makes ?? null,
  });
  const printer = createPrinter({ json: flags.json === true });
  if (why !== null) printer.note(why, { event: 'provider', provider: provider.kind, why });
  try {
    await body({ provider, printer, signal, options: { reporter: printer.steps, signal } });
  } finally {
    await provider.close();
    release();
  }
}

/** A signal that Ctrl-C, SIGTERM, SIGHUP and the end of whoever reads the output abort; `release` gives the signals back. */
export function listenForInterrupts(): { signal: AbortSignal; release: () => void } {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals) => interrupt.abort(new ClusterError(`interrupted by ${name}`));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    interrupt.abort(new ClusterError('interrupted: nobody reads the output any more'));
  });
  const release = () => {
    for (const name of signals) process.off(name, onSignal);
  };
  return { signal: interrupt.signal, release };
}

/** VASE_STATE, or `.vase` in the checkout. */
export function stateRoot(): string {
  return process.env['VASE_STATE'] || join(checkout, '.vase');
}
