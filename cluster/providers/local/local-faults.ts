/** Faults on a local cluster, for tests: signals to the processes of members, sharders and view servers. */
import { UsageError } from '../../errors.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { FaultControl, FaultTarget } from '../provider.ts';
import { askMembers } from './processes/ask-members.ts';
import {
  readState,
  type ClusterState,
  type MemberState,
  type ShardState,
  type SharderState,
  type ViewServerState,
} from './state/cluster-state.ts';
import { type LocalContext, type LocalSettings } from './state/local-context.ts';
import { startMember } from './processes/local-shard.ts';
import { demandEtcd, findMemberEtcd } from './processes/member-etcd.ts';
import { forgetKilled, markKilled } from './state/marks.ts';
import { startSharder } from './processes/local-sharder.ts';
import { startViewServer } from './processes/local-view-server.ts';
import { healthOf } from './status/local-status.ts';
import {
  processState,
  signalProcess,
  waitUntilGone,
  type ProcessIdentity,
} from '../../host/process-identity.ts';
import type { StateFolder } from '../../state/state-folder.ts';
import { withLock } from '../../state/state-lock.ts';

/** A signal takes effect within microseconds unless the machine is badly overloaded. */
const effectMsMax = 10_000;
/** Faults happen one after the other, and a restart holds the lock for some ten milliseconds. */
const lockWaitMsMax = 30_000;

type Owner =
  | { kind: 'member'; shard: ShardState; owner: MemberState }
  | { kind: 'sharder'; owner: SharderState }
  | { kind: 'view-server'; owner: ViewServerState };

export class LocalFaults implements FaultControl {
  private readonly settings: LocalSettings;
  private readonly folder: StateFolder;
  private readonly rpc: EtcdCaller;

  constructor(settings: LocalSettings, folder: StateFolder, rpc: EtcdCaller) {
    this.settings = settings;
    this.folder = folder;
    this.rpc = rpc;
  }

  async targets(): Promise<FaultTarget[]> {
    const state = readState(this.folder);
    if (state === null) return [];
    const members = state.shards.map((shard) => this.memberTargets(shard));
    const sharders = state.sharders.map(async ({ name, process }): Promise<FaultTarget> => ({
      kind: 'sharder',
      name,
      process: await healthOf(process),
    }));
    const viewServers = state.viewServers.map(async ({ name, process }): Promise<FaultTarget> => ({
      kind: 'view-server',
      name,
      process: await healthOf(process),
    }));
    return [...(await Promise.all(members)).flat(), ...(await Promise.all([...sharders, ...viewServers]))];
  }

  async kill(name: string): Promise<void> {
    const identity = this.find(this.state(), name).owner.process;
    if (identity === null) return;
    markKilled(this.folder, name, identity);
    await killProcess(identity);
  }

  async pause(name: string): Promise<void> {
    await this.signalUntil(name, 'SIGSTOP', 'paused');
  }

  async resume(name: string): Promise<void> {
    await this.signalUntil(name, 'SIGCONT', 'running');
  }

  async restart(name: string): Promise<void> {
    await withLock(this.folder, { purpose: `a restart of ${name}`, waitMsMax: lockWaitMsMax }, async () => {
      const context = await this.context();
      const found = this.find(context.state, name);
      // Before it is killed: a member that cannot be started again must keep running.
      if (found.kind === 'member') demandEtcd(context);
      if (found.owner.process !== null) await killProcess(found.owner.process);
      if (found.kind === 'member') await startMember(context, found.shard, found.owner);
      else if (found.kind === 'sharder') await startSharder(context, found.owner);
      else await startViewServer(context, found.owner);
      forgetKilled(this.folder, name);
    });
  }

  private async memberTargets(shard: ShardState): Promise<FaultTarget[]> {
    const answers = await askMembers(this.rpc, shard.members);
    return Promise.all(
      answers.map(async ({ member, leads }): Promise<FaultTarget> => ({
        kind: 'member',
        name: member.name,
        shard: shard.id,
        leads,
        process: await healthOf(member.process),
      })),
    );
  }

  private async signalUntil(
    name: string,
    signal: NodeJS.Signals,
    wanted: 'paused' | 'running',
  ): Promise<void> {
    const identity = this.find(this.state(), name).owner.process;
    if (identity === null || !(await signalProcess(identity, signal))) return;
    const deadlineMs = performance.now() + effectMsMax;
    while ((await processState(identity)) !== wanted) {
      if (performance.now() >= deadlineMs) throw new Error(`${name} is not ${wanted} after ${signal}`);
    }
  }

  private state(): ClusterState {
    const state = readState(this.folder);
    if (state === null) throw new UsageError('there is no cluster');
    return state;
  }

  private async context(): Promise<LocalContext> {
    const { settings, folder, rpc } = this;
    const { signal } = new AbortController();
    const state = this.state();
    const found = await findMemberEtcd({ settings, folder, state }, { signal });
    return { settings, folder, rpc, signal, state, ...found, started: [] };
  }

  private find(state: ClusterState, name: string): Owner {
    for (const shard of state.shards) {
      const owner = shard.members.find((member) => member.name === name);
      if (owner !== undefined) return { kind: 'member', shard, owner };
    }
    const owner = state.sharders.find((sharder) => sharder.name === name);
    if (owner !== undefined) return { kind: 'sharder', owner };
    const viewServer = state.viewServers.find((candidate) => candidate.name === name);
    if (viewServer !== undefined) return { kind: 'view-server', owner: viewServer };
    throw new UsageError(`no member, sharder or view server is called ${name}`);
  }
}

async function killProcess(identity: ProcessIdentity): Promise<void> {
  await signalProcess(identity, 'SIGKILL');
  if (!(await waitUntilGone(identity, effectMsMax)))
    throw new Error(`process ${identity.pid} survives SIGKILL`);
}
