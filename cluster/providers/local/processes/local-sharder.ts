/**
 * The sharder processes: they share the public port (SO_REUSEPORT, the kernel spreads new connections over them), and
 * each has its own administration port. A sharder that runs with other settings than wanted is replaced.
 */
import { join } from 'node:path';
import { sharderAllocator, sharderNodeFlags } from '../../../../sharder/node-flags.ts';
import type { SharderState } from '../state/cluster-state.ts';
import { nodeEnvironment, save, type LocalContext, type StartContext } from '../state/local-context.ts';
import { endpointsOf } from './local-shard.ts';
import { answersReady, keepsRunning, processTitle, startProcess, waitFor } from './managed-process.ts';
import { localHost } from '../../../host/local-host.ts';
import { stopProcess } from '../../../host/process-identity.ts';
import { byteCount } from '../../../topology/quantity.ts';
import { limitProcess } from '../limits/resource-limits.ts';

/** A sharder gives the requests under way 10 s to end; after this time it counts as stuck. */
export const sharderStopGraceMs = 15_000;
const readyTimeoutMs = 30_000;

/** Starts the sharders that do not run and waits until all are ready. Returns how many were started. */
export async function startSharders(context: LocalContext): Promise<number> {
  const sharders = context.state.sharders.slice(0, context.state.topology.sharders);
  const running = await Promise.all(sharders.map(({ process }) => keepsRunning(process)));
  const absent = sharders.filter((_, index) => !running[index]);
  const starts = await Promise.allSettled(absent.map((sharder) => startSharder(context, sharder)));
  for (const start of starts) if (start.status === 'rejected') throw start.reason;
  await Promise.all(absent.map((sharder) => waitUntilReady(context, sharder)));
  // One after the other, so that a change of settings never stops them all at once.
  const outdated = sharders.filter((sharder) => isOutdated(context, sharder));
  for (const sharder of outdated) {
    await startSharder(context, sharder);
    await waitUntilReady(context, sharder);
  }
  let restarted = 0;
  for (const sharder of sharders) restarted += await startWhenLeaving(context, sharder);
  return absent.length + outdated.length + restarted;
}

/** A sharder that was told to end looks as if it ran, until it has drained. Returns how many were started. */
async function startWhenLeaving(context: LocalContext, sharder: SharderState): Promise<number> {
  const outcome = await waitFor(context, {
    what: `readiness of ${sharder.name}`,
    timeoutMs: readyTimeoutMs,
    processes: [],
    check: async () => {
      if (await isReady(sharder)) return 'ready';
      return (await keepsRunning(sharder.process)) ? null : 'gone';
    },
  });
  if (outcome === 'ready') return 0;
  await startSharder(context, sharder);
  await waitUntilReady(context, sharder);
  return 1;
}

/** Whether the sharder was started with other settings than wanted. */
export function isOutdated(context: Pick<LocalContext, 'state'>, sharder: SharderState): boolean {
  return sharder.settings !== settingsText(context, sharder);
}

/** Starts one sharder with its wanted settings, and ends the one that runs. */
export async function startSharder(context: StartContext, sharder: SharderState): Promise<void> {
  if (sharder.process !== null) await stopProcess(sharder.process, { graceMs: sharderStopGraceMs });
  const { settings } = context;
  delete sharder.restarts;
  sharder.process = await startProcess(context, sharder.name, {
    command: settings.nodePath,
    args: [
      `--title=${processTitle(context.folder.root, sharder.name)}`,
      ...sharderNodeFlags,
      ...(settings.sharderNodeArguments ?? []),
      join(settings.checkout, 'sharder', 'main.ts'),
    ],
    environment: {
      ...nodeEnvironment(settings),
      ...settings.sharderEnvironment,
      ...sharderSettings(context, sharder),
      ...mirrorSetting(context),
    },
  });
  sharder.settings = settingsText(context, sharder);
  save(context);
  const limits = context.state.topology.resources.sharder;
  limitProcess(context.folder, sharder.name, sharder.process, limits);
}

function settingsText(context: Pick<LocalContext, 'state'>, sharder: SharderState): string {
  return JSON.stringify(sharderSettings(context, sharder));
}

/** Where this sharder alone answers as on the shared port; null for a sharder that was started before such ports existed. */
export function ownUrl({ ownPort }: Pick<SharderState, 'ownPort'>): string | null {
  return ownPort === null ? null : `http://${localHost}:${ownPort}`;
}

export function adminEndpoint(sharder: Pick<SharderState, 'adminPort'>): string {
  return `${localHost}:${sharder.adminPort}`;
}

/** The sharder's whole configuration, as its environment. */
function sharderSettings(
  context: Pick<LocalContext, 'state'>,
  sharder: SharderState,
): Record<string, string> {
  const home = context.state.shards[0]!;
  return {
    NODE_ENV: 'production',
    ...sharderAllocator,
    VASE_HOME: endpointsOf(home).join(','),
    VASE_HOST: localHost,
    VASE_PORT: String(context.state.httpPort),
    VASE_REUSE_PORT: '1',
    VASE_ADMIN_PORT: String(sharder.adminPort),
    ...(sharder.ownPort === null ? {} : { VASE_OWN_PORT: String(sharder.ownPort) }),
    VASE_HOSTS: context.state.topology.http.hosts.join(','),
    VASE_NAME: sharder.name,
    VASE_MAX_TXN_OPS: String(context.state.topology.etcd.maxTxnOps),
    VASE_QUOTA_BYTES: String(byteCount(context.state.topology.etcd.quota)),
  };
}

/** Not among the settings for which a sharder is replaced: shards are added and removed, and these are only hints. */
function mirrorSetting({ state }: Pick<LocalContext, 'state'>): Record<string, string> {
  const others = state.shards.slice(1).map((shard) => endpointsOf(shard).join(','));
  return { VASE_MIRRORS: others.join(';') };
}

export async function waitUntilReady(context: LocalContext, sharder: SharderState): Promise<void> {
  await waitFor(context, {
    what: `readiness of ${sharder.name}`,
    timeoutMs: readyTimeoutMs,
    processes: [sharder],
    check: async () => ((await isReady(sharder)) ? true : null),
  });
}

export async function isReady(sharder: Pick<SharderState, 'adminPort'>): Promise<boolean> {
  return answersReady(adminEndpoint(sharder));
}
