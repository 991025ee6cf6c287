/**
 * The view server processes: one is leader, the others stand by, each on its own loopback port. They change the cluster
 * through the same state file and lock as the commands do.
 */
import { join } from 'node:path';
import { stateVersion, type ViewServerState } from '../state/cluster-state.ts';
import {
  isHomeDead,
  nodeEnvironment,
  save,
  type LocalContext,
  type StartContext,
} from '../state/local-context.ts';
import { endpointsOf } from './local-shard.ts';
import { answersReady, keepsRunning, processTitle, startProcess, waitFor } from './managed-process.ts';
import { localHost } from '../../../host/local-host.ts';
import { stopProcess } from '../../../host/process-identity.ts';

/** Its successor takes over what it drives, so it has little to end. */
export const viewServerStopGraceMs = 10_000;
const readyTimeoutMs = 30_000;

/**
 * Starts view servers that do not run, restarts those that run with other settings, and waits until all are ready; without
 * the home shard none becomes ready, and they wait for it by themselves.
 */
export async function startViewServers(context: LocalContext): Promise<number> {
  const viewServers = context.state.viewServers.slice(0, context.state.topology.viewServers);
  let started = 0;
  for (const viewServer of viewServers) {
    const isCurrent = viewServer.settings === settingsText(context, viewServer);
    if (isCurrent && (await keepsRunning(viewServer.process))) continue;
    await startViewServer(context, viewServer);
    started += 1;
  }
  if (isHomeDead(context)) return started;
  for (const viewServer of viewServers) {
    await waitFor(context, {
      what: `readiness of ${viewServer.name}`,
      timeoutMs: readyTimeoutMs,
      processes: [viewServer],
      check: async () => ((await isViewServerReady(viewServer)) ? true : null),
    });
  }
  return started;
}

/** Starts a view server with its wanted settings, and ends the one that runs. */
export async function startViewServer(context: StartContext, viewServer: ViewServerState): Promise<void> {
  if (viewServer.process !== null) await stopProcess(viewServer.process, { graceMs: viewServerStopGraceMs });
  const { settings } = context;
  delete viewServer.restarts;
  viewServer.process = await startProcess(context, viewServer.name, {
    command: settings.nodePath,
    args: [
      `--title=${processTitle(context.folder.root, viewServer.name)}`,
      '--disable-warning=ExperimentalWarning',
      ...(settings.viewServerNodeArguments ?? []),
      join(settings.checkout, 'cluster', 'viewserver', 'main.ts'),
    ],
    environment: { ...nodeEnvironment(settings), ...viewServerSettings(context, viewServer) },
  });
  viewServer.settings = settingsText(context, viewServer);
  save(context);
}

export function viewServerUrl(viewServer: Pick<ViewServerState, 'port'>): string {
  return `http://${localHost}:${viewServer.port}`;
}

export async function isViewServerReady(viewServer: Pick<ViewServerState, 'port'>): Promise<boolean> {
  return answersReady(`${localHost}:${viewServer.port}`);
}

function settingsText(context: StartContext, viewServer: ViewServerState): string {
  return JSON.stringify(viewServerSettings(context, viewServer));
}

/** The whole configuration, as its environment. */
function viewServerSettings(context: StartContext, viewServer: ViewServerState): Record<string, string> {
  const { topology, shards } = context.state;
  return {
    NODE_ENV: 'production',
    VASE_NAME: viewServer.name,
    VASE_HOME: endpointsOf(shards[0]!).join(','),
    VASE_HOST: localHost,
    VASE_PORT: String(viewServer.port),
    VASE_HOSTS: topology.http.hosts.join(','),
    VASE_FLEET: 'local',
    VASE_STATE: context.folder.root,
    VASE_STATE_VERSION: String(stateVersion),
    VASE_BINARIES: context.settings.binaries,
    VASE_MAX_TXN_OPS: String(topology.etcd.maxTxnOps),
    VASE_KEYS_PER_SECOND: String(topology.moves.keysPerSecond),
    VASE_AUTOSCALING: JSON.stringify(topology.autoscaling.shards),
    VASE_SHARDER_CPU: topology.resources.sharder.cpu ?? '',
  };
}
