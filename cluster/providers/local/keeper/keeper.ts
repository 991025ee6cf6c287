/**
 * Looks after the processes of a local cluster: under the cluster's lock it restarts, as `up` would, a process that has ended
 * although the state says that it runs. It gives way to any holder of the lock, and leaves alone what was stopped on purpose:
 * a process that the state does not record, and one that a test has killed.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ClusterError } from '../../../errors.ts';
import { membersOf, ownersOf, readState, type ClusterState, type Owner } from '../state/cluster-state.ts';
import { save, type LocalSettings, type StartContext } from '../state/local-context.ts';
import { startMember } from '../processes/local-shard.ts';
import { findMemberEtcd } from '../processes/member-etcd.ts';
import { startSharder } from '../processes/local-sharder.ts';
import { startViewServer } from '../processes/local-view-server.ts';
import { isMarkedKilled } from '../state/marks.ts';
import { processState, stopProcess } from '../../../host/process-identity.ts';
import type { StateFolder } from '../../../state/state-folder.ts';
import { withLock } from '../../../state/state-lock.ts';
import { noPause, whenEnded, whenRunning, whenTried, type RestartPause } from './restart-pauses.ts';

/** Where there is no /proc, each look at a process starts `ps`. */
const pollMs = process.platform === 'linux' ? 500 : 5000;
/** `up` starts the keeper, and records it afterwards. */
const unnamedMsMax = 60_000;

export class Keeper {
  private readonly settings: LocalSettings;
  private readonly folder: StateFolder;
  private readonly logger: Logger;
  private readonly pauses = new Map<string, RestartPause>();
  private readonly startedAtMs = performance.now();
  private readonly found: { mark: string; state: ClusterState | null } = { mark: '', state: null };

  constructor(settings: LocalSettings, folder: StateFolder, logger: Logger) {
    this.settings = settings;
    this.folder = folder;
    this.logger = logger;
  }

  /** Ends with the reason once there is nothing left to look after, or at the signal. */
  async run(signal: AbortSignal): Promise<string> {
    while (!signal.aborted) {
      const state = this.readWhenChanged();
      const reason = this.whyNotGoOn(state);
      if (reason !== null) return reason;
      const due = await this.findDue(state!);
      if (due.length > 0) await this.startAgain(due, signal);
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
    return 'told to';
  }

  private readWhenChanged(): ClusterState | null {
    const stats = statSync(this.folder.stateFile, { throwIfNoEntry: false });
    const mark = stats === undefined ? 'none' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
    if (mark !== this.found.mark) {
      this.found.state = readState(this.folder);
      this.found.mark = mark;
    }
    return this.found.state;
  }

  private whyNotGoOn(state: ClusterState | null): string | null {
    if (state === null) return 'the cluster is gone';
    if (!existsSync(join(this.settings.checkout, 'sharder', 'main.ts'))) return 'the checkout is gone';
    const named = state.keeper?.process?.pid ?? null;
    if (named === process.pid) return null;
    return performance.now() - this.startedAtMs < unnamedMsMax
      ? null
      : 'the cluster has another keeper, or none';
  }

  /** Names of the processes that have ended and whose pause is over. */
  private async findDue(state: ClusterState): Promise<string[]> {
    const due: string[] = [];
    const owners = ownersOf(state);
    for (const name of this.pauses.keys())
      if (!owners.some((owner) => owner.name === name)) this.pauses.delete(name);
    for (const owner of owners) {
      const nowMs = performance.now();
      const before = this.pauses.get(owner.name) ?? noPause;
      const hasEnded = await this.hasEnded(owner);
      const pause = hasEnded ? whenEnded(before, nowMs) : whenRunning(before, nowMs);
      if (hasEnded && before.dueAtMs === null)
        this.logger.warn(
          { process: owner.name, pauseMs: Math.round(pause.dueAtMs! - nowMs) },
          'process ended',
        );
      this.pauses.set(owner.name, pause);
      if (pause.dueAtMs !== null && pause.dueAtMs <= nowMs) due.push(owner.name);
    }
    return due;
  }

  private async hasEnded({ name, process }: Owner): Promise<boolean> {
    if (process === null || (await processState(process)) !== 'gone') return false;
    return !isMarkedKilled(this.folder, name, process);
  }

  /** The holder of the lock may be changing these very processes: the next round looks at them anew. */
  private async startAgain(names: readonly string[], signal: AbortSignal): Promise<void> {
    const { settings, folder } = this;
    const seen = this.found.state!;
    const isMember = membersOf(seen).some(({ name }) => names.includes(name));
    const purpose = `a new start of ${names.join(', ')}`;
    try {
      // Found before the lock is taken, and never fetched: only `up` fetches.
      const etcd = isMember ? await findMemberEtcd({ settings, folder, state: seen }, null) : { etcd: null };
      await withLock(folder, { purpose, role: 'keeper', waitMsMax: 0 }, async () => {
        const state = readState(folder);
        if (state === null) return;
        const context: StartContext = { settings, folder, signal, state, ...etcd, started: [] };
        for (const owner of ownersOf(state))
          if (names.includes(owner.name) && (await this.hasEnded(owner))) await this.start(context, owner);
      });
    } catch (error) {
      // A command or a view server holds the lock.
      if (error instanceof ClusterError) return;
      // The disk is full, for example: this counts as a start that failed.
      for (const name of names) this.noteTry(name);
      this.logger.error({ err: error }, 'could not start any process');
    }
  }

  private noteTry(name: string): void {
    this.pauses.set(name, whenTried(this.pauses.get(name) ?? noPause, performance.now()));
  }

  private async start(context: StartContext, owner: Owner): Promise<void> {
    const { name } = owner;
    const count = (owner.restarts?.count ?? 0) + 1;
    this.noteTry(name);
    try {
      await startOwner(context, name);
      owner.restarts = { count, at: new Date().toISOString() };
      save(context);
      this.logger.warn({ process: name, pid: owner.process?.pid, restarts: count }, 'restarted process');
    } catch (error) {
      this.logger.error({ process: name, err: error }, 'could not start process');
      // A process that is not recorded would be a stray.
      for (const process of context.started) await stopProcess(process, { graceMs: 0 });
    } finally {
      context.started.length = 0;
    }
  }
}

async function startOwner(context: StartContext, name: string): Promise<void> {
  const { shards, sharders, viewServers } = context.state;
  const shard = shards.find(({ members }) => members.some((member) => member.name === name));
  if (shard !== undefined) {
    return startMember(
      context,
      shard,
      shard.members.find((member) => member.name === name)!,
    );
  }
  const sharder = sharders.find((candidate) => candidate.name === name);
  if (sharder !== undefined) return startSharder(context, sharder);
  return startViewServer(
    context,
    viewServers.find((candidate) => candidate.name === name)!,
  );
}
