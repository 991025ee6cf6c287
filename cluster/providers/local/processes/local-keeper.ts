/** The keeper's process: one for each cluster, started last and stopped first. */
import { join } from 'node:path';
import { stateVersion, type ClusterState } from '../state/cluster-state.ts';
import { nodeEnvironment, save, type LocalContext, type LocalSettings } from '../state/local-context.ts';
import { processTitle, startProcess } from './managed-process.ts';
import { processState, stopProcess } from '../../../host/process-identity.ts';

/** The keeper ends within a round, or when it has recorded the process that it is starting. */
export const keeperStopGraceMs = 5000;
/** It holds a state of some kilobytes, and little else. */
const heapMegabytes = 48;

/** Whether the keeper runs with its wanted settings; also true where there should be none. */
export async function isKept(
  { keeper }: Pick<ClusterState, 'keeper'>,
  settings: LocalSettings,
): Promise<boolean> {
  if (settings.keeper === false) return true;
  if (!keeper?.process || keeper.settings !== settingsText(settings)) return false;
  return (await processState(keeper.process)) === 'running';
}

/** Starts the keeper unless it runs. */
export async function startKeeper(context: LocalContext): Promise<string> {
  const { settings, folder, state } = context;
  if (await isKept(state, settings)) return 'ran';
  if (state.keeper?.process) await stopProcess(state.keeper.process, { graceMs: keeperStopGraceMs });
  const text = settingsText(settings);
  const process = await startProcess(context, 'keeper', {
    command: settings.nodePath,
    args: [
      `--title=${processTitle(folder.root, 'keeper')}`,
      '--disable-warning=ExperimentalWarning',
      `--max-old-space-size=${heapMegabytes}`,
      '--max-semi-space-size=1',
      join(settings.checkout, 'cluster', 'providers', 'local', 'keeper', 'main.ts'),
    ],
    environment: { ...nodeEnvironment(settings), NODE_ENV: 'production', VASE_KEEPER: text },
  });
  state.keeper = { name: 'keeper', process, settings: text };
  save(context);
  return 'started';
}

function settingsText(settings: LocalSettings): string {
  const { environment: _environment, keeper: _keeper, ...rest } = settings;
  return JSON.stringify({ ...rest, stateVersion });
}
