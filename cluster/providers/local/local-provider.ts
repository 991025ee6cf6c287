/**
 * The embedded provider: a cluster as processes of this machine, with all its files in one folder. Members and sharders
 * outlive the command that starts them.
 */
import { refuseOtherNamed } from '../../etcd/cluster-etcd.ts';
import { GrpcEtcdCaller } from '../../etcd/etcd-caller.ts';
import { ClusterError, UsageError } from '../../errors.ts';
import { parseTopology, type Topology } from '../../topology/topology.ts';
import { mergeTopologies } from '../../topology/topology-input.ts';
import type {
  ActionOptions,
  ClusterStatus,
  LogOptions,
  Provider,
  SharderDoor,
  UpOptions,
  UpResult,
} from '../provider.ts';
import { refuseTls } from '../refuse-tls.ts';
import { runSteps } from '../steps.ts';
import { ownersOf, readState, writeState, type ClusterState } from './state/cluster-state.ts';
import { emulateDisks } from './limits/emulate-disk.ts';
import { readLocalEndpoint } from './state/found-files.ts';
import { recoverState } from './status/found-data.ts';
import { etcdSearch } from '../../etcd/etcd-binary.ts';
import type { LocalSettings } from './state/local-context.ts';
import { cleanSteps, deleteEmptyRoot, downSteps } from './local-down.ts';
import { LocalFaults } from './local-faults.ts';
import { isKept } from './processes/local-keeper.ts';
import { LocalMembers } from './local-members.ts';
import { healthOf, readStatus } from './status/local-status.ts';
import { isOutdated, ownUrl } from './processes/local-sharder.ts';
import { bringUp, etcdNotes } from './local-up.ts';
import { isViewServerReady, viewServerUrl } from './processes/local-view-server.ts';
import { followLog, readTail } from './processes/log-file.ts';
import { describeSizes } from '../member-numbers.ts';
import { refuseOtherSizes } from './members/member-rules.ts';
import { planUp } from './state/plan-up.ts';
import { limitProcesses } from './limits/resource-limits.ts';
import {
  canonicalPath,
  createStateFolder,
  logFileOf,
  stateFolder,
  type StateFolder,
} from '../../state/state-folder.ts';
import { withLock } from '../../state/state-lock.ts';

const copied = 'The state file was gone; it was made anew from its copy beside the data.';

export class LocalProvider implements Provider {
  readonly kind = 'local';
  readonly keepsDataWhenDown = true;
  readonly faults: LocalFaults;
  readonly members: LocalMembers;
  private readonly settings: LocalSettings;
  private readonly folder: StateFolder;
  private readonly rpc = new GrpcEtcdCaller();

  constructor(settings: LocalSettings) {
    this.folder = stateFolder(settings.stateRoot);
    // Processes get the folder's canonical path: another spelling would be another setting.
    const binaries = canonicalPath(settings.binaries);
    this.settings = { ...settings, stateRoot: this.folder.root, binaries };
    this.faults = new LocalFaults(this.settings, this.folder, this.rpc);
    this.members = new LocalMembers(this.settings, this.folder, this.rpc);
  }

  /** Closes the connections to etcd, so that the process can end. */
  async close(): Promise<void> {
    await this.rpc.close();
  }

  async up(requested: unknown, options: UpOptions): Promise<UpResult> {
    // Checked first, so that a wrong field leaves not even a folder.
    refuseTls(parseTopology(mergeTopologies(requested)), this.kind);
    return withLock(this.folder, { purpose: '`vase up`' }, async () => {
      const written = readState(this.folder);
      const current = written ?? (await recoverState(this.folder));
      if (current !== null) writeState(this.folder, current);
      const topology = parseTopology(mergeTopologies(current?.topology, requested));
      refuseTls(topology, this.kind);
      refuseOtherSizes(current?.shards ?? [], mergeTopologies(requested)['members']);
      const unchanged = await this.whenNothingDiffers(current, topology);
      const result = unchanged ?? (await this.change(current, topology, options));
      return written === null && current !== null ? { ...result, notes: [...result.notes, copied] } : result;
    });
  }

  async down(options: ActionOptions): Promise<void> {
    await withLock(this.folder, { purpose: '`vase down`' }, () =>
      runSteps(downSteps(), { folder: this.folder, rpc: this.rpc }, options),
    );
    deleteEmptyRoot(this.folder);
  }

  async clean(options: ActionOptions): Promise<void> {
    await withLock(this.folder, { purpose: '`vase clean`' }, () =>
      runSteps(cleanSteps(), { folder: this.folder, rpc: this.rpc }, options),
    );
    deleteEmptyRoot(this.folder);
  }

  async status(): Promise<ClusterStatus> {
    return readStatus(this.folder, readState(this.folder), this.rpc);
  }

  async endpoint(): Promise<string | null> {
    return readLocalEndpoint(this.folder);
  }

  async viewServerEndpoint(): Promise<string | null> {
    const state = readState(this.folder);
    if (state === null) return null;
    let running: string | null = null;
    for (const viewServer of state.viewServers) {
      if ((await healthOf(viewServer.process)) !== 'running') continue;
      // A view server that has just started does not listen yet, or does not know the leader.
      if (await isViewServerReady(viewServer)) return viewServerUrl(viewServer);
      running ??= viewServerUrl(viewServer);
    }
    return running;
  }

  async sharderDoors(): Promise<SharderDoor[]> {
    const sharders = readState(this.folder)?.sharders ?? [];
    return sharders.flatMap((sharder) => {
      const url = ownUrl(sharder);
      return url === null ? [] : [{ sharder: sharder.name, url }];
    });
  }

  async logs(name: string, options: LogOptions): Promise<void> {
    const state = readState(this.folder);
    if (state === null)
      throw new ClusterError('there is no cluster, so there are no logs', { nextStep: 'Run `make up`.' });
    const names = [...ownersOf(state), ...(state.keeper ? [state.keeper] : [])].map((owner) => owner.name);
    if (!names.includes(name))
      throw new UsageError(`no log is called ${name}; the names are ${names.join(', ')}`);
    const path = logFileOf(this.folder, name);
    options.write(readTail(path, options.lines));
    if (options.follow) await followLog(path, options);
  }

  /** Null unless everything runs, is well, and is as requested. */
  private async whenNothingDiffers(
    current: ClusterState | null,
    topology: Topology,
  ): Promise<UpResult | null> {
    if (current === null || JSON.stringify(current.topology) !== JSON.stringify(topology)) return null;
    if (current.etcd === undefined) return null;
    await refuseOtherNamed(current.etcd.version, etcdSearch(this.settings));
    const status = await readStatus(this.folder, current, this.rpc);
    if (status.health !== 'ready') return null;
    // Another version of Vase may have started them.
    if (current.sharders.some((sharder) => isOutdated({ state: current }, sharder))) return null;
    if (!(await isKept(current, this.settings))) return null;
    // The kernel has the caps, not the cluster: another program may have removed them.
    const disks = await emulateDisks(this.folder, current);
    const limits = await limitProcesses(this.folder, current);
    const changed = disks.mended.length + limits.mended.length > 0;
    const notes = await etcdNotes({ state: current, settings: this.settings });
    const size = describeSizes(current.shards.map(({ members }) => members.length));
    return { endpoint: status.endpoint!, topology, size, changed, steps: [], left: [], notes };
  }

  private async change(
    current: ClusterState | null,
    topology: Topology,
    options: UpOptions,
  ): Promise<UpResult> {
    createStateFolder(this.folder);
    const state = await planUp(current, topology, this.folder);
    writeState(this.folder, state);
    const { settings, folder, rpc } = this;
    const { signal, replaceLost = false } = options;
    const context = { settings, folder, rpc, signal, state, etcd: null, replaceLost, started: [] };
    return bringUp(context, current, options);
  }
}
