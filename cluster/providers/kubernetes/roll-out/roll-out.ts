/**
 * What `up` does inside an existing Kubernetes cluster, on kind as on GKE: apply the objects, wait for the shards, write
 * the records, wait for sharders and the other Deployments, prove that the cluster serves. Each step does only what is not
 * done, so that an interrupted `up` is simply run again.
 */
import { slotOf } from '../../../../sharder/core/slot.ts';
import { shardName, type View, type ViewShard } from '../../../../sharder/core/view.ts';
import { hashText } from '../../../../sharder/hash.ts';
import { sharderName } from '../../../manifests/names.ts';
import { buildObjectGroups } from '../../../manifests/object-groups.ts';
import { usesTls, type Blueprint } from '../../../manifests/overlay.ts';
import { servedEndpoints } from '../../../manifests/shard-addresses.ts';
import { readMirroredView } from '../../../records/mirrored-view.ts';
import { writeRecords } from '../../../records/records.ts';
import type { StoreAccess } from '../../guarded-request.ts';
import { proveServing } from '../../serving-probe.ts';
import { shardIds, type Topology } from '../../../topology/topology.ts';
import { noView } from '../../dead-shard.ts';
import type { Problem } from '../../provider.ts';
import { counted, type Step } from '../../steps.ts';
import { applyObjects } from '../apply-objects.ts';
import { awaitShards, type ShardStanding } from '../await-shards.ts';
import { clearBroken } from '../clear-broken.ts';
import { noteFormed, noteFormedBefore } from '../formed-shards.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { componentOf, isDeployed, readLiveObjects, type LiveDeployment } from '../live-objects.ts';
import { settleMembers, type Settled } from '../members/settle-members.ts';
import { removedShards } from '../removed-shards.ts';
import { readView } from '../read-view.ts';
import { readSizes, refuseOtherSizes } from '../shard-sizes.ts';
import { waitFor } from '../wait-for.ts';

export interface RollOut {
  cluster: KubernetesCluster;
  /** The steps fill in how many members each shard has now. */
  blueprint: Blueprint;
  /** How many members the user wants each shard to have; null: as many as it has. */
  membersAsked: number | null;
  /** Sharders that the topology asked for before; null for a new cluster. */
  shardersBefore: number | null;
  /** Where users will reach the store, or another way to it. */
  endpoint: string;
  /** What the endpoint asks for where it is guarded; null or left out where it is not. */
  access?: StoreAccess | null;
  /** Whether members whose volumes are lost are replaced; left out: not. */
  replaceLost?: boolean;
  signal: AbortSignal;
  /** Set by the steps: whether anything differs from before. */
  changed: boolean;
  /** Set by the steps: shards of the topology that the view server has removed. */
  removed?: ReadonlySet<number>;
  /** Set by the steps: shards whose objects this has changed. */
  changedShards?: ReadonlySet<string>;
  /** Set by the steps: lasting problems of shards; the dead shards; the others, with their endpoints inside the cluster. */
  left?: { problems: Problem[]; deadShards: ReadonlySet<number>; alive: ViewShard[] };
  sinceMs: number;
}

/** @param get returns what the steps work on; it is called only when a step runs. */
export function rollOutSteps<Context>(
  topology: Topology,
  get: (context: Context) => RollOut,
): Step<Context>[] {
  const step = (title: string, run: (rollOut: RollOut) => Promise<string | void>): Step<Context> => ({
    title,
    run: (context) => run(get(context)),
  });
  return [
    step('Apply the objects', applyStep),
    step(`Wait for ${counted(topology.shards, 'shard')}`, waitForShards),
    step('Write the view and the fences', writeRecordsStep),
    step(`Wait for ${counted(topology.sharders, 'sharder')}`, waitForDeployments),
    step('Write and read a key on every shard', proveStep),
  ];
}

const setPrefix = 'StatefulSet ';

async function applyStep(rollOut: RollOut): Promise<string> {
  const { cluster, blueprint, signal } = rollOut;
  const cleared = await clearBroken(cluster, signal);
  // From a cluster that was never complete, nobody has removed anything.
  rollOut.removed =
    rollOut.shardersBefore === null
      ? new Set()
      : await removedShards(cluster, blueprint.topology, { signal, sinceMs: rollOut.sinceMs });
  const gone = new Set([...rollOut.removed].map(shardName));
  const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
  if (await noteFormedBefore(cluster, statefulSets)) rollOut.changed = true;
  const known = await readSizes(cluster, blueprint.topology, statefulSets);
  const members = new Map([...known].filter(([id]) => !gone.has(shardName(id))));
  refuseOtherSizes(members, { asked: rollOut.membersAsked, mayChange: !usesTls(blueprint) });
  rollOut.blueprint = { ...blueprint, members };
  const groups = buildObjectGroups(rollOut.blueprint)
    .filter(({ name }) => !gone.has(name))
    .map(({ name, objects }) => ({
      name,
      objects: objects.filter(({ metadata }) => !gone.has(metadata.name)),
    }));
  const { count, changed } = await applyObjects(cluster.client, groups, { signal });
  const scaled = await scaleSharders(rollOut);
  if (changed.length > 0 || cleared.length > 0 || scaled) rollOut.changed = true;
  const sets = changed
    .filter((name) => name.startsWith(setPrefix))
    .map((name) => name.slice(setPrefix.length));
  rollOut.changedShards = new Set(sets.filter((name) => !cleared.includes(name)));
  const removed = cleared.length === 0 ? '' : `; removed what could not start: ${cleared.join(', ')}`;
  const away = gone.size === 0 ? '' : `; removed before, and left so: ${[...gone].join(', ')}`;
  return `${counted(count, 'object')}, ${changed.length === 0 ? 'none' : changed.length} changed${removed}${away}`;
}

/**
 * The manifests leave the number of sharders to the autoscaler. So `up` sets it when the user asks for another number than
 * before, and never lowers it below the topology's.
 */
async function scaleSharders({ cluster, blueprint, shardersBefore }: RollOut): Promise<boolean> {
  const { sharders } = blueprint.topology;
  const name = { apiVersion: 'apps/v1', kind: 'Deployment', name: sharderName, namespace: cluster.instance };
  const deployment = await cluster.client.read<LiveDeployment>(name);
  const replicas = deployment?.spec?.replicas ?? 1;
  const isAsked = shardersBefore !== sharders ? replicas !== sharders : replicas < sharders;
  if (isAsked) await cluster.client.scaleDeployment(cluster.instance, sharderName, sharders);
  return isAsked;
}

/** A fault of a changed shard ends the change; a shard that has run before may be dead, and the rest serves. */
async function waitForShards(rollOut: RollOut): Promise<string> {
  const { cluster, blueprint, signal, sinceMs, shardersBefore, removed, changedShards } = rollOut;
  const { topology } = blueprint;
  const wait = {
    cluster,
    signal,
    sinceMs,
    countMin: topology.shards - (removed?.size ?? 0),
    home: homeOf(rollOut),
    mayBeDead: (id: number) => shardersBefore !== null && !changedShards?.has(shardName(id)),
  };
  let standings = await awaitShards(wait);
  const settled = await settle(rollOut, standings);
  if (settled.done.length > 0) standings = await awaitShards(wait);
  const dead = standings.filter(({ leader }) => leader === null);
  const problems = [...standings.flatMap((standing) => standing.problems), ...settled.problems];
  rollOut.left = {
    problems,
    deadShards: new Set(dead.map(({ id }) => id)),
    alive: standings.filter(({ leader }) => leader !== null),
  };
  if (dead.length > 0 && (await currentView(rollOut)) === null) throw noView(problems);
  const without = dead.length === 0 ? '' : `; dead: ${dead.map(({ id }) => shardName(id)).join(', ')}`;
  const leaders = standings.flatMap(({ leader }) => leader ?? []).join(', ');
  return [`leaders ${leaders}${without}`, ...settled.done].join('; ');
}

async function settle(rollOut: RollOut, standings: readonly ShardStanding[]): Promise<Settled> {
  const { cluster, blueprint, signal, replaceLost = false } = rollOut;
  const alive = new Set(standings.filter(({ leader }) => leader !== null).map(({ id }) => id));
  const settled = await settleMembers({ cluster, blueprint, replaceLost, signal }, alive);
  if (settled.done.length > 0) {
    rollOut.changed = true;
    const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
    const members = await readSizes(cluster, blueprint.topology, statefulSets);
    rollOut.blueprint = { ...blueprint, members };
  }
  return settled;
}

function homeOf({ blueprint }: RollOut): number {
  return shardIds(blueprint.topology)[0]!;
}

function isHomeDead(rollOut: RollOut): boolean {
  return rollOut.left?.deadShards.has(homeOf(rollOut)) ?? false;
}

/** The home shard's view, or the newest copy where that shard is dead; null where there is none. */
async function currentView(rollOut: RollOut): Promise<View | null> {
  const { cluster, left } = rollOut;
  const { endpoints } = topologyShards(rollOut)[0]!;
  return isHomeDead(rollOut)
    ? readMirroredView(cluster.members, endpoints, left!.alive)
    : readView(cluster, endpoints);
}

async function writeRecordsStep(rollOut: RollOut): Promise<string> {
  const { cluster } = rollOut;
  const shards = topologyShards(rollOut);
  // Before their fences: the first write to a shard waits for its fence.
  for (const shard of rollOut.left!.alive) if (await noteFormed(cluster, shard)) rollOut.changed = true;
  const found = await currentView(rollOut);
  if (isHomeDead(rollOut)) {
    if (found === null) throw noView(rollOut.left!.problems);
    return `epoch ${found.epoch}, read from a copy: the home shard is dead, and nothing was written`;
  }
  // The view server has written a view whose shards differ from the topology: it stays as it is.
  if (found !== null && !hasShards(found, shards))
    return `epoch ${found.epoch}, shards have come or gone since`;
  const { view, created } = await writeRecords(cluster.members, shards, rollOut.left?.deadShards);
  if (created > 0) rollOut.changed = true;
  return `epoch ${view.epoch}, ${created === 0 ? 'all were there' : `${created} written`}`;
}

function topologyShards({ blueprint }: RollOut): ViewShard[] {
  return shardIds(blueprint.topology).map((id) => ({ id, endpoints: servedEndpoints(blueprint, id) }));
}

function hasShards(view: View, shards: readonly ViewShard[]): boolean {
  return view.shards.map(({ id }) => id).join() === shards.map(({ id }) => id).join();
}

/** Without the home shard no view server ever becomes ready; problems of members have been reported. */
async function waitForDeployments(rollOut: RollOut): Promise<string> {
  const { cluster, blueprint, signal, sinceMs } = rollOut;
  const components = isHomeDead(rollOut) ? ['sharder'] : ['sharder', 'viewserver'];
  const ready = await waitFor(
    { cluster, signal, sinceMs },
    {
      what: 'the sharders',
      components,
      check: async ({ deployments, pods }) => {
        const awaited = deployments.filter((deployment) => components.includes(componentOf(deployment)));
        const isThere = awaited.some((deployment) => componentOf(deployment) === 'sharder');
        if (!isThere || !awaited.every((deployment) => isDeployed(deployment))) return null;
        return pods.filter(
          (pod) => componentOf(pod) === 'sharder' && pod.metadata.deletionTimestamp === undefined,
        );
      },
    },
  );
  return `${counted(ready.length, 'sharder')} of image ${blueprint.topology.images.vase}`;
}

/** A shard that has just come owns no slot, and has nothing to serve. */
async function proveStep(rollOut: RollOut): Promise<void> {
  const { endpoint, access = null, left, signal } = rollOut;
  const slots = (await currentView(rollOut))?.slots ?? [];
  const serves = (id: number) => !left?.deadShards.has(id);
  const shards = [...new Set(slots)].filter(serves).map(shardName);
  const ownerOf = (key: string) => shardName(slots[slotOf(key, hashText)]!);
  await proveServing({ endpoint, access, shards, ownerOf, signal });
}
