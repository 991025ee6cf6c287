/**
 * One shard as a unit: an etcd cluster of 1, 3 or 5 processes with its own token, ports and data. Starting it is
 * idempotent: members that run are left alone.
 */
import { ClusterError } from '../../../errors.ts';
import { etcdFlags, type EtcdMemberPlace } from '../../../etcd/etcd-flags.ts';
import { askMembers } from './ask-members.ts';
import { emulateDisk } from '../limits/emulate-disk.ts';
import { namedOf, type MemberState, type ShardState } from '../state/cluster-state.ts';
import { processEnvironment, save, type LocalContext, type StartContext } from '../state/local-context.ts';
import { demandEtcd, recordEtcd } from './member-etcd.ts';
import { keepsRunning, startProcess } from './managed-process.ts';
import { localHost } from '../../../host/local-host.ts';
import { describePortHolder, isPortFree } from '../../../host/ports.ts';
import { limitProcess } from '../limits/resource-limits.ts';
import { dataFolderOf } from '../../../state/state-folder.ts';
import { claimVolume } from '../state/volume-mark.ts';

/** The member that every member names as leader; null while they do not agree. */
export async function commonLeader(
  context: Pick<LocalContext, 'rpc'>,
  shard: ShardState,
): Promise<string | null> {
  const answers = await askMembers(context.rpc, shard.members);
  if (answers.some(({ status }) => status === null)) return null;
  const leaders = new Set(answers.map(({ status }) => status!.leaderId));
  if (leaders.size !== 1) return null;
  return answers.find(({ leads }) => leads)?.member.name ?? null;
}

interface MemberStart {
  /** The members in etcd's own list, where the member joins on an empty folder: etcd compares them. Otherwise its data name them. */
  peers?: EtcdMemberPlace['peers'];
  forceNewCluster?: boolean;
  /** Replaces its own port: no process that knows the shard reaches it. */
  clientPort?: number;
}

/**
 * Starts one member unless it runs.
 * @throws ClusterError when its port is taken, its data are gone or are not its own, or there is no etcd of the cluster's release.
 */
export async function startMember(
  context: StartContext,
  shard: ShardState,
  member: MemberState,
  { peers, forceNewCluster = false, clientPort = member.clientPort }: MemberStart = {},
): Promise<void> {
  if (await keepsRunning(member.process)) return;
  const etcd = demandEtcd(context);
  for (const port of [clientPort, member.peerPort]) await demandPort(member, port);
  const { folder, state } = context;
  const dataFolder = dataFolderOf(folder, member.name);
  // The folder of a member that joins was claimed when it was made.
  if (peers === undefined) claimVolume({ folder, state, shard, member });
  save(context);
  const flags = etcdFlags(
    {
      name: member.name,
      dataFolder,
      clientUrl: clientUrl({ clientPort }),
      peerUrl: peerUrl(member),
      peers: peers ?? shard.members.map((peer) => ({ name: peer.name, peerUrl: peerUrl(peer) })),
      token: shard.token,
      clusterState: shard.formed ? 'existing' : 'new',
      forceNewCluster,
    },
    context.state.topology.etcd,
    etcd.flags,
  );
  delete member.restarts;
  recordEtcd(context);
  member.process = await startProcess(context, member.name, {
    command: etcd.path,
    args: flags,
    environment: processEnvironment(context.settings),
  });
  save(context);
  limitProcess(context.folder, member.name, member.process, context.state.topology.resources.etcd);
  emulateDisk(context.folder, context.state.topology, member);
}

/** The URL for etcd's own calls. */
export function clientUrl(member: Pick<MemberState, 'clientPort'>): string {
  return `http://${clientEndpoint(member)}`;
}

/** "host:port" at which clients reach the member. */
export function clientEndpoint(member: Pick<MemberState, 'clientPort'>): string {
  return `${localHost}:${member.clientPort}`;
}

/** The endpoints by which the view and its readers find the shard: "host:port" each. */
export function endpointsOf(shard: Pick<ShardState, 'members'>): string[] {
  return namedOf(shard).map(clientEndpoint);
}

export function peerUrl(member: Pick<MemberState, 'peerPort'>): string {
  return `http://${localHost}:${member.peerPort}`;
}

async function demandPort(member: MemberState, port: number): Promise<void> {
  if (await isPortFree(port)) return;
  throw new ClusterError(
    `port ${port}, which ${member.name} has to use again, is taken by ${await describePortHolder(port)}`,
    { nextStep: 'Stop that process, or run `make clean` for a new cluster with other ports.' },
  );
}
