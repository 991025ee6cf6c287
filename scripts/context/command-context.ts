/** What every command needs: the provider, a printer, and a signal that Ctrl-C and SIGTERM abort. */
import type { ActionOptions, Provider } from '../../cluster/providers/provider.ts';
import type { Topology } from '../../cluster/topology/topology.ts';
import { createPrinter, type Printer } from '../terminal/printer.ts';
import { listenForInterrupts } from './interrupts.ts';
import { binaries, checkout, stateRoot } from './places.ts';

export interface CommandContext {
  provider: Provider;
  printer: Printer;
  signal: AbortSignal;
  /** For the provider's actions. */
  options: ActionOptions;
}

export interface ContextFlags {
  json?: boolean;
  /** The provider of the cluster; wins over VASE_PROVIDER. */
  provider?: string;
  /** The profile of a new kind cluster; wins over VASE_KIND_PROFILE. */
  profile?: string;
  /** The topology of a command that makes a cluster: it decides the provider when the user chooses none. */
  makes?: Pick<Topology, 'images'>;
}

/**
 * Runs a command's body; releases what it used, even after an error. A signal, or the end of the output's reader, asks the
 * body to end and clean up; a second one changes nothing, because half a clean-up would leave processes behind.
 */
export async function withContext(
  flags: ContextFlags,
  body: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const { signal, release } = listenForInterrupts();
  // These modules load the spinner and all of the providers: the help of a command needs neither.
  const { createStepReporter } = await import('../terminal/step-reporter.ts');
  const { chooseProvider } = await import('./choose-provider.ts');
  const { provider, why } = await chooseProvider({
    provider: flags.provider ?? process.env['VASE_PROVIDER'],
    profile: flags.profile ?? process.env['VASE_KIND_PROFILE'],
    checkout,
    binaries,
    stateRoot: stateRoot(),
    makes: flags.makes ?? null,
  });
  const json = flags.json === true;
  const printer = createPrinter({ json });
  if (why !== null) printer.note(why, { event: 'provider', provider: provider.kind, why });
  try {
    await body({ provider, printer, signal, options: { reporter: createStepReporter({ json }), signal } });
  } finally {
    await provider.close();
    release();
  }
}
