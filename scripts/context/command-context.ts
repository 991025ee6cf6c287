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
  // They know the spinner and all of the providers: the help of a command needs none.
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
