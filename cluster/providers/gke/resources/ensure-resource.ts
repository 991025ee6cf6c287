/**
 * Makes sure that one resource exists: looks first, makes it when it is missing, waits for operations under way. The next
 * call continues a call that was interrupted anywhere.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../../../errors.ts';
import { CommandError } from '../../../host/command-error.ts';
import type { Cloud } from './cloud.ts';
import { CloudError } from './cloud-errors.ts';
import { listOperations, waitForOperation } from './cluster-resource.ts';
import type { CloudCommand, CloudResource, ResourceState } from './resource.ts';
import { stateOf } from './survey.ts';
import type { GkeTarget } from './target.ts';

export interface Ensuring {
  target: GkeTarget;
  cloud: Cloud;
  signal: AbortSignal;
  /** The pause between two tries at a change that Google has not spread over its machines yet. */
  retryDelayMs: number;
}

/** Within two minutes all of Google knows an API that was just enabled, or an account that was just made. */
const triesMax = 13;
/** The most operations that one resource can have under way, one after the other. */
const waitsMax = 5;

/** @returns "there", "created", … to show. */
export async function ensureResource(ensuring: Ensuring, resource: CloudResource): Promise<string> {
  const state = await settle(ensuring, resource);
  switch (state.kind) {
    case 'there':
      return 'there';
    case 'missing':
      await runAll(ensuring, resource.create);
      return 'created';
    case 'outdated':
      await runAll(ensuring, state.update);
      return `updated, ${state.why}`;
    case 'unfit':
      throw new ClusterError(state.why, { nextStep: state.nextStep });
  }
}

/** @returns "deleted" or "not there". */
export async function removeResource(ensuring: Ensuring, resource: CloudResource): Promise<string> {
  const state = await settle(ensuring, resource);
  if (state.kind === 'missing') return 'not there';
  await runAll(ensuring, resource.remove);
  return 'deleted';
}

type Settled = Exclude<ResourceState, { kind: 'settling' }>;

async function settle(ensuring: Ensuring, resource: CloudResource): Promise<Settled> {
  for (let wait = 0; ; wait++) {
    const state = await patiently(ensuring, () => stateOf(ensuring.cloud, resource));
    if (state.kind !== 'settling') return state;
    if (wait === waitsMax) {
      throw new ClusterError(`${state.why}, and does not come to rest`, {
        nextStep: 'Run this again later; it continues.',
      });
    }
    await waitForOperations(ensuring);
  }
}

async function waitForOperations({ target, cloud, signal, retryDelayMs }: Ensuring): Promise<void> {
  const operations = (await cloud.look(listOperations(target))) as { name: string }[] | null;
  // The cluster's next description shows whether an operation has failed.
  for (const { name } of operations ?? []) await cloud.change(waitForOperation(target, name));
  if ((operations ?? []).length === 0) await sleep(retryDelayMs, undefined, { signal });
}

async function runAll(ensuring: Ensuring, commands: readonly CloudCommand[]): Promise<void> {
  for (const command of commands) await patiently(ensuring, () => ensuring.cloud.change(command));
}

/** Tries again as long as the failure means that something newly made is not known everywhere yet. */
async function patiently<T>({ signal, retryDelayMs }: Ensuring, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === triesMax || !isTooEarly(error)) throw error;
      await sleep(retryDelayMs, undefined, { signal });
    }
  }
}

function isTooEarly(error: unknown): boolean {
  if (error instanceof CloudError) return error.fault === 'api';
  return error instanceof CommandError && /service account [^\n]*does not exist/i.test(error.output);
}
