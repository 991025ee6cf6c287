/** Runs the commands of resources: looks return what was printed, or null for a missing resource; changes are logged. */
import { CommandError } from '../../../host/command-error.ts';
import { runCommand } from '../../../host/run-command.ts';
import { explainFailure, isNotFound } from './cloud-errors.ts';
import type { CloudCommand } from './resource.ts';

export interface CloudOptions {
  project: string;
  signal: AbortSignal;
  /** Variables for every command, such as KUBECONFIG. */
  environment: Record<string, string>;
  /** Runs the commands; default: on this machine. */
  run?: typeof runCommand;
}

export class Cloud {
  private readonly options: CloudOptions;

  constructor(options: CloudOptions) {
    this.options = options;
  }

  /**
   * @returns what the command printed, parsed; null when it says that the resource is missing.
   * @throws ClusterError for what a user can mend, otherwise CommandError; the signal's reason when it was aborted.
   */
  async look(command: CloudCommand): Promise<unknown> {
    try {
      const { stdout } = await this.start(command, {});
      return stdout.trim() === '' ? null : JSON.parse(stdout);
    } catch (error) {
      if (error instanceof CommandError && isNotFound(error)) return null;
      throw this.explained(command, error);
    }
  }

  /** @throws as `look` does. */
  async change(command: CloudCommand, environment: Record<string, string> = {}): Promise<string> {
    try {
      return (await this.start(command, environment)).stdout;
    } catch (error) {
      throw this.explained(command, error);
    }
  }

  private start({ program, args, timeoutMs }: CloudCommand, environment: Record<string, string>) {
    const { signal } = this.options;
    signal.throwIfAborted();
    const quiet = { CLOUDSDK_CORE_DISABLE_PROMPTS: '1', CLOUDSDK_SURVEY_DISABLE_PROMPTS: '1' };
    const extraEnvironment = { ...quiet, ...this.options.environment, ...environment };
    return (this.options.run ?? runCommand)(program, args, { timeoutMs, signal, extraEnvironment });
  }

  private explained(command: CloudCommand, error: unknown): unknown {
    if (this.options.signal.aborted) return this.options.signal.reason;
    if (!(error instanceof CommandError)) return error;
    return explainFailure(error, { program: command.program, project: this.options.project });
  }
}
