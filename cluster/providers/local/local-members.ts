/** Members of a local cluster's shards, for the commands that list and change them. All changes hold the cluster's lock. */
import { shardName } from '../../../sharder/core/view.ts';
import { listEtcdMembers, asHex, type EtcdMember } from '../../etcd/member-api.ts';
import { ClusterError, UsageError } from '../../errors.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { ListedMember, MemberControl, MemberOptions, MemberStatus, Recovery } from '../provider.ts';
import { addMember } from './members/add-member.ts';
import { askMembers, findLed } from './processes/ask-members.ts';
import {
  membersOf,
  readState,
  type ClusterState,
  type MemberState,
  type ShardState,
} from './state/cluster-state.ts';
import { findMemberProblems } from './status/find-problems.ts';
import type { LocalContext, LocalSettings } from './state/local-context.ts';
import { clientUrl, peerUrl } from './processes/local-shard.ts';
import { readShard } from './status/local-status.ts';
import { findMemberEtcd } from './processes/member-etcd.ts';
import type { Joining } from './members/join-member.ts';
import { describeChange, goOnCommand } from './processes/member-loss.ts';
import { planRecovery, recoverShard } from './members/recover-shard.ts';
import { removeMember } from './members/remove-member.ts';
import { replaceIfLost } from './members/replace-member.ts';
import type { StateFolder } from '../../state/state-folder.ts';
import { withLock } from '../../state/state-lock.ts';

export class LocalMembers implements MemberControl {
  private readonly settings: LocalSettings;
  private readonly folder: StateFolder;
  private readonly rpc: EtcdCaller;

  constructor(settings: LocalSettings, folder: StateFolder, rpc: EtcdCaller) {
    this.settings = settings;
    this.folder = folder;
    this.rpc = rpc;
  }

  async list(): Promise<ListedMember[]> {
    const state = this.state();
    const shards = await Promise.all(state.shards.map((shard) => this.listShard(state, shard)));
    return shards.flat();
  }

  async replace(name: string, options: MemberOptions): Promise<string> {
    return this.locked(`\`vase member replace ${name}\``, options, async (context) => {
      const join = { context, ...demandMember(context.state, name), report: options.report };
      if (join.member.adding !== undefined || join.member.leaving !== undefined)
        throw new ClusterError(describeChange(join.member, join.shard)!.what, {
          nextStep: `\`${goOnCommand(join.member, join.shard)}\` goes on with that.`,
        });
      return replaceIfLost(join);
    });
  }

  async add(id: number | null, options: MemberOptions): Promise<{ name: string; done: string }> {
    return this.locked('`vase member add`', options, async (context) => {
      const shard = demandShard(context.state, id);
      return addMember({ context, shard, report: options.report });
    });
  }

  async remove(name: string, options: MemberOptions): Promise<string> {
    return this.locked(`\`vase member remove ${name}\``, options, async (context) => {
      const gone = describeGone(context.state, name);
      if (gone !== null) return gone;
      return removeMember({ context, ...demandMember(context.state, name), report: options.report });
    });
  }

  async planRecovery(shard: number, from: string, options: MemberOptions): Promise<Recovery | null> {
    return this.withMemberOf(shard, from, options, ({ context, shard: found, member }) =>
      planRecovery(context, found, member),
    );
  }

  async recover(shard: number, from: string, options: MemberOptions): Promise<string | null> {
    return this.withMemberOf(shard, from, options, recoverShard);
  }

  private withMemberOf<T>(
    id: number,
    name: string,
    options: MemberOptions,
    body: (at: Joining) => Promise<T>,
  ): Promise<T> {
    return this.locked(`\`vase shard recover ${id}\``, options, async (context) => {
      const found = demandMember(context.state, name);
      if (found.shard.id !== id)
        throw new UsageError(`${name} is a member of shard ${found.shard.id}, not of shard ${id}`);
      return body({ context, ...found, report: options.report });
    });
  }

  private async listShard(state: ClusterState, shard: ShardState): Promise<ListedMember[]> {
    const { folder, rpc } = this;
    const [seen, known] = await Promise.all([readShard(rpc, shard), this.askList(shard)]);
    return seen.members.map((status, index): ListedMember => {
      const own = known.find(({ peerURLs }) => peerURLs.includes(peerUrl(shard.members[index]!)));
      return {
        name: status.name,
        shard: shard.id,
        id: own === undefined ? null : asHex(own.id),
        role: roleOf(status, own),
        endpoint: status.endpoint,
        version: status.etcd?.version ?? null,
        dbSizeBytes: status.etcd?.dbSizeBytes ?? null,
        problem: findMemberProblems(folder, state, seen, status)[0] ?? null,
      };
    });
  }

  /** Empty where there is no leader, or the leader does not answer. */
  private async askList(shard: ShardState): Promise<EtcdMember[]> {
    const led = findLed(await askMembers(this.rpc, shard.members));
    return led === null ? [] : listEtcdMembers(clientUrl(led.leader.member)).catch(() => []);
  }

  private async locked<T>(
    purpose: string,
    { signal }: MemberOptions,
    body: (context: LocalContext) => Promise<T>,
  ): Promise<T> {
    const { settings, folder, rpc } = this;
    // Found before the lock is taken: it may have to be fetched.
    const found = await findMemberEtcd({ settings, folder, state: this.state() }, { signal });
    return withLock(folder, { purpose }, () =>
      body({ settings, folder, rpc, signal, state: this.state(), ...found, started: [] }),
    );
  }

  private state(): ClusterState {
    const state = readState(this.folder);
    if (state === null) throw new ClusterError('there is no cluster', { nextStep: 'Run `make up`.' });
    return state;
  }
}

function roleOf({ etcd }: MemberStatus, own: EtcdMember | undefined): ListedMember['role'] {
  if (etcd === null) return null;
  if (own?.isLearner) return 'learner';
  return etcd.leads ? 'leader' : 'follower';
}

/** @param id null where there is only one. @throws UsageError that lists the shards. */
function demandShard({ shards }: ClusterState, id: number | null): ShardState {
  const names = shards.map((shard) => shardName(shard.id)).join(', ');
  if (id === null && shards.length > 1) throw new UsageError(`name the shard: one of ${names}`);
  const shard = id === null ? shards[0] : shards.find((each) => each.id === id);
  if (shard === undefined)
    throw new UsageError(`no shard is called ${shardName(id!)}; the names are ${names}`);
  return shard;
}

/** A sentence about a name that is not, or no longer, a member of its shard; null for any other name. */
function describeGone({ shards }: ClusterState, name: string): string | null {
  const shard = shards.find(({ id }) => new RegExp(`^${shardName(id)}-\\d+$`).test(name));
  if (shard === undefined || shard.members.some((member) => member.name === name)) return null;
  const names = shard.members.map((member) => member.name).join(', ');
  return `${name} is no member of ${shardName(shard.id)}, which has ${names}: nothing is removed.`;
}

/** @throws UsageError that lists the names. */
function demandMember(state: ClusterState, name: string): { shard: ShardState; member: MemberState } {
  for (const shard of state.shards) {
    const member = shard.members.find((each) => each.name === name);
    if (member !== undefined) return { shard, member };
  }
  const names = membersOf(state).map((member) => member.name);
  throw new UsageError(`no member is called ${name}; the names are ${names.join(', ')}`);
}
