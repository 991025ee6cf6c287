/**
 * What `up` makes of the existing cluster and the wanted topology: the state to work towards, or a refusal with its
 * reason. Nothing is started or written here.
 */
import { randomUUID } from 'node:crypto';
import { shardName } from '../../../../sharder/core/view.ts';
import { ClusterError } from '../../../errors.ts';
import { shardIds, type Topology } from '../../../topology/topology.ts';
import {
  membersOf,
  type ClusterState,
  type MemberState,
  type ShardState,
  type SharderState,
  type ViewServerState,
} from './cluster-state.ts';
import { chooseFreePorts, describePortHolder, isPortFree } from '../../../host/ports.ts';
import { processState } from '../../../host/process-identity.ts';
import { counted } from '../../steps.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

/** Returns this many free ports; never returns a port twice. */
export type GivePorts = (count: number) => Promise<number[]>;

/**
 * The state to work towards. It still contains, at the end, the sharders beyond the wanted number: they must be stopped
 * first.
 * @throws ClusterError for a change that cannot be made to a cluster that has data, and for a port that is taken.
 */
export async function planUp(
  current: ClusterState | null,
  topology: Topology,
  folder: StateFolder,
): Promise<ClusterState> {
  const givePorts = portGiver(folder, current);
  const httpPort = await choosePublicPort(current, topology, givePorts);
  if (current === null) {
    const shards = await planShards(topology, givePorts);
    return {
      format: 1,
      topology,
      httpPort,
      shards,
      sharders: await addSharders([], topology, givePorts),
      viewServers: await addViewServers([], topology, givePorts),
    };
  }
  refuseImpossibleChange(current.topology, topology, await anyRuns(membersOf(current)));
  const state = structuredClone({ ...current, topology, httpPort });
  await replaceTakenPorts(state, givePorts);
  state.sharders = await addSharders(state.sharders, topology, givePorts);
  state.viewServers = await addViewServers(state.viewServers, topology, givePorts);
  return state;
}

/** Never gives a port that the existing cluster uses. */
export function portGiver(folder: StateFolder, state: ClusterState | null): GivePorts {
  const used = new Set<number>();
  if (state !== null) {
    used.add(state.httpPort);
    for (const member of membersOf(state)) used.add(member.clientPort).add(member.peerPort);
    for (const { adminPort, ownPort } of state.sharders) used.add(adminPort).add(ownPort ?? adminPort);
    for (const viewServer of state.viewServers) used.add(viewServer.port);
  }
  return async (count) => {
    const ports = await chooseFreePorts(count, { startAt: folder.root, exclude: used });
    for (const port of ports) used.add(port);
    return ports;
  };
}

async function planShards(topology: Topology, givePorts: GivePorts): Promise<ShardState[]> {
  const shards: ShardState[] = [];
  for (const id of shardIds(topology)) shards.push(await planShard(id, topology, givePorts));
  return shards;
}

/** A shard that has never run: its ports and its token. */
export async function planShard(id: number, topology: Topology, givePorts: GivePorts): Promise<ShardState> {
  const ports = await givePorts(2 * topology.members);
  const members = Array.from({ length: topology.members }, (_, ordinal) => ({
    name: `${shardName(id)}-${ordinal}`,
    clientPort: ports[2 * ordinal]!,
    peerPort: ports[2 * ordinal + 1]!,
    process: null,
  }));
  const token = `${topology.name}-${shardName(id)}-${randomUUID()}`;
  return { id, token, formed: false, members };
}

/** The existing sharders, and as many more as the topology asks for. */
export async function addSharders(
  present: readonly SharderState[],
  topology: Topology,
  givePorts: GivePorts,
): Promise<SharderState[]> {
  const sharders = [...present];
  while (sharders.length < topology.sharders) {
    const [adminPort] = await givePorts(1);
    const name = `sharder-${sharders.length + 1}`;
    sharders.push({ name, adminPort: adminPort!, ownPort: null, process: null, settings: '' });
  }
  const without = sharders.filter(({ ownPort }) => ownPort === null);
  const ports = await givePorts(without.length);
  return sharders.map((sharder) => ({ ...sharder, ownPort: sharder.ownPort ?? ports.pop()! }));
}

/** The existing view servers, and as many more as the topology asks for; the first has the port that the topology names. */
async function addViewServers(
  present: readonly ViewServerState[],
  topology: Topology,
  givePorts: GivePorts,
): Promise<ViewServerState[]> {
  const ports = await givePorts(Math.max(0, topology.viewServers - present.length));
  const added = ports.map((port, index) => ({
    name: `view-server-${present.length + index + 1}`,
    port,
    process: null,
    settings: '',
  }));
  const viewServers = [...present, ...added];
  const first = viewServers[0];
  const wanted = topology.ports.view;
  if (first === undefined || wanted === 0 || first.port === wanted) return viewServers;
  if (!(await isPortFree(wanted)))
    throw new ClusterError(`port ${wanted} is taken by ${await describePortHolder(wanted)}`, {
      nextStep: 'Stop that, or choose another VASE_VIEW_PORT; 0 takes any free one.',
    });
  return [{ ...first, port: wanted }, ...viewServers.slice(1)];
}

/**
 * While a cluster was down, another program may have begun to listen on its ports. Clients and administration can move to
 * another port; a peer port is part of the shard's own membership and stays, so `startMember` will say who holds it.
 */
async function replaceTakenPorts(state: ClusterState, givePorts: GivePorts): Promise<void> {
  for (const member of membersOf(state)) {
    if (await isTaken(member, member.clientPort)) [member.clientPort] = (await givePorts(1)) as [number];
  }
  for (const viewServer of state.viewServers) {
    if (await isTaken(viewServer, viewServer.port)) [viewServer.port] = (await givePorts(1)) as [number];
  }
  for (const sharder of state.sharders) {
    if (await isTaken(sharder, sharder.adminPort)) [sharder.adminPort] = (await givePorts(1)) as [number];
    if (sharder.ownPort !== null && (await isTaken(sharder, sharder.ownPort)))
      [sharder.ownPort] = (await givePorts(1)) as [number];
  }
}

/** A port that the owner's process holds is not taken. */
async function isTaken(owner: Pick<MemberState, 'process'>, port: number): Promise<boolean> {
  return !(await anyRuns([owner])) && !(await isPortFree(port));
}

/** @throws ClusterError when another program holds the port that the user wants, or has used so far. */
async function choosePublicPort(
  current: ClusterState | null,
  topology: Topology,
  givePorts: GivePorts,
): Promise<number> {
  const wanted = topology.ports.http;
  const ours = current !== null && (await anyRuns(current.sharders)) ? current.httpPort : null;
  if (wanted === 0) {
    const last = current?.topology.ports.http === 0 ? current.httpPort : null;
    for (const port of [ours, last]) {
      if (port !== null && (port === ours || (await isPortFree(port)))) return port;
    }
    return (await givePorts(1))[0]!;
  }
  if (wanted === ours || (await isPortFree(wanted))) return wanted;
  throw new ClusterError(`port ${wanted} is taken by ${await describePortHolder(wanted)}`, {
    nextStep: 'Stop that, or choose another port: `make up PORT=5001`, or `make up PORT=0` for any free one.',
  });
}

/**
 * @param running whether any member runs.
 * @throws ClusterError for a change that `up` cannot make to a cluster that has data.
 */
export function refuseImpossibleChange(current: Topology, wanted: Topology, running: boolean): void {
  if (current.shards !== wanted.shards) {
    throw new ClusterError(
      `the cluster has ${counted(current.shards, 'shard')}, and \`up\` cannot make them ${wanted.shards}`,
      {
        nextStep:
          'Use `vase shard add` and `vase shard remove`, which keep the data, or `make clean` first, which deletes them.',
      },
    );
  }
  const fixed = ['name', 'firstShard'] as const;
  for (const field of fixed) {
    if (current[field] === wanted[field]) continue;
    throw new ClusterError(
      `the cluster was made with ${field} ${current[field]}, and \`up\` cannot change that to ${wanted[field]}`,
      { nextStep: 'Keep the old value, or run `make clean` first: it deletes the data.' },
    );
  }
  if (running && JSON.stringify(current.etcd) !== JSON.stringify(wanted.etcd)) {
    throw new ClusterError('etcd takes other settings only when it starts, and members are running', {
      nextStep: 'Run `make down`, then `make up` with the new settings: the data stay.',
    });
  }
}

async function anyRuns(owners: readonly Pick<MemberState, 'process'>[]): Promise<boolean> {
  const states = await Promise.all(
    owners.map(async ({ process }) => (process === null ? 'gone' : processState(process))),
  );
  return states.some((state) => state !== 'gone');
}
