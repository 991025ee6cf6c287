/**
 * Changes the endpoints of a shard in the view while the shard is served: waits for all readers of the view, so that none asks
 * a member that has left, and none has to be restarted.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readEpoch } from '../../../metrics/read-epoch.ts';
import { nameEndpoints } from '../../../records/records.ts';
import type { ShardState, SharderState, ViewServerState } from '../state/cluster-state.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { endpointsOf } from '../processes/local-shard.ts';
import { adminEndpoint } from '../processes/local-sharder.ts';
import { viewServerUrl } from '../processes/local-view-server.ts';
import { processState } from '../../../host/process-identity.ts';

/** A watch delivers the view at once; a view server whose watch hangs reads again every 2 s. */
const followMsMax = 10_000;
const pollMs = 50;
const answerMsMax = 1000;

interface Follower {
  owner: SharderState | ViewServerState;
  metricsUrl: string;
}

/**
 * Writes the result of `endpointsOf` into the view, and waits until all readers of the view have it; the state is saved.
 * @returns the names of the readers that do not have it in time: `up` restarts them.
 * @throws ClusterError when the home shard does not answer.
 */
export async function nameInView(context: LocalContext, shard: ShardState): Promise<string[]> {
  const { rpc, state } = context;
  const viewed = (each: ShardState) => ({ id: each.id, endpoints: endpointsOf(each) });
  const { epoch } = await nameEndpoints(rpc, viewed(state.shards[0]!), [viewed(shard)]);
  const late = await awaitFollowers(context, epoch);
  save(context);
  return late;
}

async function awaitFollowers(context: LocalContext, epoch: number): Promise<string[]> {
  const { sharders, viewServers } = context.state;
  const followers: Follower[] = [
    ...sharders.map((owner) => ({ owner, metricsUrl: `http://${adminEndpoint(owner)}/metrics` })),
    ...viewServers.map((owner) => ({ owner, metricsUrl: `${viewServerUrl(owner)}/metrics` })),
  ];
  const untilMs = performance.now() + followMsMax;
  const late = await Promise.all(
    followers.map(async (follower) => {
      while (performance.now() < untilMs) {
        context.signal.throwIfAborted();
        if (!(await isRunning(follower))) return [];
        if ((await readEpoch(follower.metricsUrl, answerMsMax)) >= epoch) {
          follower.owner.settings = withHome(context, follower.owner.settings);
          return [];
        }
        await delay(pollMs);
      }
      return [follower.owner.name];
    }),
  );
  return late.flat();
}

async function isRunning({ owner: { process } }: Follower): Promise<boolean> {
  return process !== null && (await processState(process)) === 'running';
}

/** The process has the home shard's new endpoints from the view: it counts as running with the settings of a new start. */
function withHome({ state }: Pick<LocalContext, 'state'>, settings: string): string {
  try {
    const known = JSON.parse(settings) as Record<string, string>;
    return JSON.stringify({ ...known, VASE_HOME: endpointsOf(state.shards[0]!).join(',') });
  } catch {
    return settings;
  }
}
