/**
 * One thing on Google Cloud that a cluster needs: how to see whether it exists, how to make it, how to delete it, as plain
 * data and pure functions. `survey.ts`, `deploy.ts` and `destroy.ts` run the commands.
 */

/** A command line, without a shell. */
export interface CloudCommand {
  program: 'gcloud' | 'docker';
  args: readonly string[];
  timeoutMs: number;
}

/** What a description says of a resource. */
export type ResourceState =
  | { kind: 'there' }
  | { kind: 'missing' }
  /** An operation on it is under way; wait for that and look again. */
  | { kind: 'settling'; why: string }
  /** It exists, and `update` makes it fit. */
  | { kind: 'outdated'; why: string; update: readonly CloudCommand[] }
  /** It exists, and cannot be made fit. */
  | { kind: 'unfit'; why: string; nextStep: string };

export interface CloudResource {
  /** Such as "cluster". */
  id: string;
  /** "GKE cluster vase in europe-west1, regular release channel" */
  title: string;
  /** The API that answers for it; null where that is always enabled. */
  api: string | null;
  /** Prints JSON; fails with "not found", or prints an empty list, where the resource is missing. */
  describe: CloudCommand;
  /** @param description what `describe` printed. */
  judge(description: unknown): ResourceState;
  create: readonly CloudCommand[];
  /** Run in the reverse order of the list of resources; empty for a resource that stays. */
  remove: readonly CloudCommand[];
}

/** Google answers a question within seconds. */
const askTimeoutMs = 60_000;

/** A gcloud command that only looks. */
export function look(...args: string[]): CloudCommand {
  return gcloud(askTimeoutMs, [...args, '--format=json']);
}

/** A gcloud command that changes something. It never prompts. */
export function change(timeoutMs: number, ...args: string[]): CloudCommand {
  return gcloud(timeoutMs, [...args, '--quiet']);
}

function gcloud(timeoutMs: number, args: readonly string[]): CloudCommand {
  return { program: 'gcloud', args, timeoutMs };
}

/** The resource exists, unless the description is an empty list. */
export function thereWhenAny(description: unknown): ResourceState {
  const isNone = description === null || (Array.isArray(description) && description.length === 0);
  return isNone ? { kind: 'missing' } : { kind: 'there' };
}

/** As a user would type it. */
export function commandLine({ program, args }: CloudCommand): string {
  const quote = (text: string) =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  return [program, ...args.map(quote)].join(' ');
}
