/**
 * The fleet of a local cluster: adds and removes shards and sharders as processes, through the same state file and lock as
 * the commands. Every action looks first at what exists, so that the next action completes one that died half-way.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ViewShard } from '../../../sharder/core/view.ts';
import { ClusterError, UsageError } from '../../errors.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { FleetOptions, MemberMetrics, ShardFleet } from '../shard-fleet.ts';
import { readState, type ClusterState, type ShardState } from './state/cluster-state.ts';
import { save, type LocalContext, type LocalSettings } from './state/local-context.ts';
import { clientEndpoint, commonLeader, endpointsOf, startMember } from './processes/local-shard.ts';
import { adminEndpoint, sharderStopGraceMs, startSharders } from './processes/local-sharder.ts';
import { findMemberEtcd } from './processes/member-etcd.ts';
import { stopStrays } from './processes/own-processes.ts';
import { addSharders, planShard, portGiver } from './state/plan-up.ts';
import { stopProcess } from '../../host/process-identity.ts';
import { removeGroupsOf } from './limits/control-groups.ts';
import { dataFolderOf, stateFolder, type StateFolder } from '../../state/state-folder.ts';
import { withLock } from '../../state/state-lock.ts';

/** A command such as `up`, or a restart by a nemesis, may hold the lock. */
const lockWaitMsMax = 120_000;
/** Three members on two busy cores elect in about two seconds. */
const electionMsMax = 10_000;
const leaderMsMax = 90_000;
const leaderPollMs = 50;
/** A process whose data are deleted needs no time to end well. */
const deleteGraceMs = 0;

export class LocalFleet implements ShardFleet {
  private readonly settings: LocalSettings;
  private readonly folder: StateFolder;
  private readonly rpc: EtcdCaller;

  constructor(settings: LocalSettings, folder: StateFolder, rpc: EtcdCaller) {
    this.settings = settings;
    this.folder = folder;
    this.rpc = rpc;
  }

  async listShards(): Promise<ViewShard[]> {
    return this.state().shards.map(asViewShard);
  }

  /** Holds the lock while processes are started, not during the wait for an election. */
  async createShard(id: number, options: FleetOptions): Promise<ViewShard> {
    const untilMs = performance.now() + leaderMsMax;
    for (;;) {
      const shard = await this.startMembers(id, options);
      const leader = await this.waitForLeader(shard, options.signal);
      if (leader !== null) {
        await this.locked(`the making of shard ${id}`, options, async (context) => {
          context.state.shards.find((candidate) => candidate.id === id)!.formed = true;
          save(context);
        });
        options.report(`${leader} leads shard ${id}`);
        return asViewShard(shard);
      }
      if (performance.now() > untilMs)
        throw new ClusterError(`no leader of shard ${id} came within ${leaderMsMax / 1000} s`, {
          nextStep: `Look at the logs in ${this.folder.logs}.`,
        });
    }
  }

  private startMembers(id: number, options: FleetOptions): Promise<ShardState> {
    return this.locked(`the making of shard ${id}`, options, async (context) => {
      const { state, folder } = context;
      let shard = state.shards.find((candidate) => candidate.id === id);
      if (shard === undefined) {
        shard = await planShard(id, state.topology, portGiver(folder, state));
        state.shards.push(shard);
        saveShards(context);
      }
      if (!shard.formed) await stopStrays(folder, shard.members);
      options.report(`starting ${shard.members.map(({ name }) => name).join(', ')}`);
      for (const member of shard.members) await startMember(context, shard, member);
      return shard;
    });
  }

  /** Null when none is elected soon: a member may have died, and is then started again. */
  private async waitForLeader(shard: ShardState, signal: AbortSignal): Promise<string | null> {
    const untilMs = performance.now() + electionMsMax;
    while (performance.now() < untilMs) {
      signal.throwIfAborted();
      const leader = await commonLeader({ rpc: this.rpc }, shard);
      if (leader !== null) return leader;
      await delay(leaderPollMs);
    }
    return null;
  }

  async deleteShard(id: number, options: FleetOptions): Promise<void> {
    await this.locked(`the deletion of shard ${id}`, options, async (context) => {
      const { state, folder } = context;
      const shard = state.shards.find((candidate) => candidate.id === id);
      if (shard === undefined) return;
      if (shard === state.shards[0]) throw new ClusterError('the home shard cannot be deleted');
      options.report(`stopping ${shard.members.map(({ name }) => name).join(', ')}`);
      const recorded = shard.members.map(({ process }) => process).filter((process) => process !== null);
      await Promise.all(recorded.map((process) => stopProcess(process, { graceMs: deleteGraceMs })));
      await stopStrays(folder, shard.members);
      for (const { name } of shard.members) {
        rmSync(dataFolderOf(folder, name), { recursive: true, force: true });
        await removeGroupsOf(folder, name);
      }
      state.shards = state.shards.filter((candidate) => candidate.id !== id);
      saveShards(context);
      options.report(`the data of shard ${id} are deleted`);
    });
  }

  async sharderCount(): Promise<number> {
    return this.state().topology.sharders;
  }

  async setSharderCount(count: number, options: FleetOptions): Promise<void> {
    await this.locked(`a change to ${count} sharders`, options, async (context) => {
      const { state, folder } = context;
      state.topology.sharders = count;
      state.sharders = await addSharders(state.sharders, state.topology, portGiver(folder, state));
      save(context);
      await startSharders(context);
      const surplus = state.sharders.slice(count);
      for (const { process } of surplus)
        if (process !== null) await stopProcess(process, { graceMs: sharderStopGraceMs });
      state.sharders.length = count;
      save(context);
    });
  }

  async sharderMetrics(): Promise<string[]> {
    return this.state().sharders.map((sharder) => `http://${adminEndpoint(sharder)}/metrics`);
  }

  async memberMetrics(): Promise<MemberMetrics[]> {
    return this.state().shards.flatMap(({ id, members }) =>
      members.map((member) => ({
        shard: id,
        name: member.name,
        url: `http://${clientEndpoint(member)}/metrics`,
      })),
    );
  }

  private async locked<T>(
    purpose: string,
    { signal }: FleetOptions,
    body: (context: LocalContext) => Promise<T>,
  ): Promise<T> {
    const { settings, folder, rpc } = this;
    // Found before the lock is taken: it may have to be fetched.
    const found = await findMemberEtcd({ settings, folder, state: this.state() }, { signal });
    return withLock(folder, { purpose, role: 'view-server', waitMsMax: lockWaitMsMax }, async () => {
      signal.throwIfAborted();
      return body({ settings, folder, rpc, signal, state: this.state(), ...found, started: [] });
    });
  }

  private state(): ClusterState {
    const state = readState(this.folder);
    if (state === null) throw new ClusterError('there is no cluster', { nextStep: 'Run `make up`.' });
    return state;
  }
}

/** `up` compares with the topology's number of shards, so it always equals the number that exist. */
function saveShards(context: LocalContext): void {
  context.state.topology.shards = context.state.shards.length;
  save(context);
}

function asViewShard(shard: ShardState): ViewShard {
  return { id: shard.id, endpoints: endpointsOf(shard) };
}

/** The fleet of the cluster whose view server has this environment. @throws UsageError */
export function localFleetFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  rpc: EtcdCaller,
): LocalFleet {
  const { VASE_STATE: stateRoot, VASE_BINARIES: binaries } = environment;
  if (!stateRoot || !binaries) throw new UsageError('VASE_STATE and VASE_BINARIES must name folders');
  const checkout = join(import.meta.dirname, '..', '..', '..');
  const settings = { checkout, stateRoot, binaries, environment, nodePath: process.execPath };
  return new LocalFleet(settings, stateFolder(stateRoot), rpc);
}
