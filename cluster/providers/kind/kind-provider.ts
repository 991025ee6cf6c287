/**
 * A cluster in kind: Kubernetes in containers of Docker on this machine, with the same objects as on GKE. Its state and
 * its kubeconfig are in the state folder; its data are in the nodes and are deleted with them.
 */
import { ClusterError, UsageError } from '../../errors.ts';
import type { Blueprint } from '../../manifests/overlay.ts';
import { membersOf } from '../../manifests/shard-addresses.ts';
import { mergeTopologies } from '../../topology/topology-input.ts';
import { parseTopology, shardIds } from '../../topology/topology.ts';
import { emptyStatus } from '../empty-status.ts';
import { describeSizes } from '../member-numbers.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { KubernetesMembers } from '../kubernetes/members/kubernetes-members.ts';
import { showLog } from '../kubernetes/pod-logs.ts';
import { readClusterStatus } from '../kubernetes/read-status.ts';
import { localHost } from '../../host/local-host.ts';
import { stateFolder, type StateFolder } from '../../state/state-folder.ts';
import { withLock } from '../../state/state-lock.ts';
import type {
  ActionOptions,
  ClusterStatus,
  LogOptions,
  MemberControl,
  Provider,
  SharderDoor,
  UpOptions,
  UpResult,
} from '../provider.ts';
import { refuseTls } from '../refuse-tls.ts';
import { runSteps } from '../steps.ts';
import { deleteCluster, isOwnCluster, listNodes } from './kind-command.ts';
import { KindFaults } from './kind-faults.ts';
import { kindFolder, readKindEndpoint, type KindFolder } from './kind-folder.ts';
import {
  deleteKindFolder,
  readKindState,
  writeKindState,
  type KindProfile,
  type KindState,
} from './kind-state.ts';
import { kindBlueprint, kindUpSteps, placeOf, type KindUp } from './kind-up.ts';
import { findPausedPods } from './node-processes.ts';
import { planKind } from './plan-kind.ts';
import { PodDisks } from './pod-disks.ts';
import { demandPreflight } from './preflight.ts';

export interface KindSettings {
  /** The folder with the sources: Vase's image is built from it. */
  checkout: string;
  stateRoot: string;
  /** For a new cluster; null: small. */
  profile: KindProfile | null;
}

export class KindProvider implements Provider {
  readonly kind = 'kind';
  readonly keepsDataWhenDown = false;
  readonly members: MemberControl;
  readonly faults: KindFaults;
  private readonly settings: KindSettings;
  private readonly folder: KindFolder;
  private readonly lockFolder: StateFolder;
  private readonly disks = new PodDisks();
  private connection: Promise<KubernetesCluster> | null = null;
  private statusUnderWay: Promise<ClusterStatus> | null = null;

  constructor(settings: KindSettings) {
    this.settings = settings;
    this.folder = kindFolder(settings.stateRoot);
    this.lockFolder = stateFolder(settings.stateRoot);
    this.members = new KubernetesMembers({
      connect: () => this.connect(),
      blueprint: () => this.blueprint(),
      locked: (purpose, body) => withLock(this.lockFolder, { purpose }, body),
    });
    this.faults = new KindFaults({ cluster: () => this.connect(), status: () => this.status() });
  }

  async up(requested: unknown, options: UpOptions): Promise<UpResult> {
    // Checked first, so that a wrong field leaves not even a folder.
    refuseTls(parseTopology(mergeTopologies(requested)), this.kind);
    return withLock(this.lockFolder, { purpose: '`vase up`' }, async () => {
      const before = readKindState(this.folder);
      const asked = parseTopology(mergeTopologies(before?.topology, requested));
      const { members } = (requested ?? {}) as { members?: unknown };
      // What it was made with: each shard has its own number by now, and none that comes with this starts anything again.
      const topology = { ...asked, members: before?.topology.members ?? asked.members };
      refuseTls(topology, this.kind);
      const { folder, settings } = this;
      const plan = await planKind(before, topology, { folder, profile: settings.profile });
      const up: KindUp = {
        checkout: settings.checkout,
        folder,
        plan,
        membersAsked: members === undefined ? null : asked.members,
        replaceLost: options.replaceLost === true,
        before,
        signal: options.signal,
        state: null,
        image: null,
        cluster: null,
        rollOut: null,
        changed: false,
      };
      try {
        const steps = await runSteps(kindUpSteps(plan), up, options);
        writeKindState(folder, { ...up.state!, phase: 'ready', sharders: topology.sharders });
        const { endpoint, left, changed } = up.rollOut!;
        return {
          endpoint,
          topology,
          size: describeSizes(sizesOf(up.rollOut!.blueprint)),
          changed: up.changed || changed,
          steps,
          left: left?.problems ?? [],
          notes: [],
        };
      } finally {
        await up.cluster?.close();
      }
    });
  }

  /** Deletes the nodes: no way to stop a kind cluster and start it again as it was works everywhere. */
  async down(options: ActionOptions): Promise<void> {
    const { folder } = this;
    await withLock(this.lockFolder, { purpose: '`vase down`' }, async () => {
      const state = readKindState(folder);
      if (state === null) return;
      const { name } = state.topology;
      const { profile, nodeImage } = state.configuration;
      const steps = [
        {
          title: 'See whether Docker answers',
          run: () => demandPreflight({ profile, nodeImage, ports: [], diskFreeBytesMin: 0 }),
        },
        {
          title: `Delete the kind cluster ${name} with its data`,
          run: async () => {
            const nodes = await listNodes(name);
            if (nodes.length > 0 && !(await isOwnCluster(nodes, state)))
              return `it is gone; the kind cluster ${name} that is there was not made from ${folder.root}, and stays`;
            await deleteCluster(name, folder.kubeconfig);
            await demandNothingLeft(name);
            const { image } = state;
            return image === null
              ? 'nothing of it is left'
              : `its image stays in Docker for the next \`up\`: \`docker image rm ${image}\` deletes it`;
          },
        },
      ];
      await runSteps(steps, null, options);
    });
    deleteKindFolder(folder);
  }

  async clean(options: ActionOptions): Promise<void> {
    await this.down(options);
  }

  async status(): Promise<ClusterStatus> {
    // Each lane of a nemesis asks several times a second; callers at the same moment get the same answer.
    this.statusUnderWay ??= this.readStatus().finally(() => {
      this.statusUnderWay = null;
    });
    return this.statusUnderWay;
  }

  async endpoint(): Promise<string | null> {
    return readKindEndpoint(this.folder);
  }

  async viewServerEndpoint(): Promise<string | null> {
    const state = readKindState(this.folder);
    if (state === null || state.topology.viewServers === 0) return null;
    return `http://${localHost}:${state.configuration.viewPort}`;
  }

  async sharderDoors(): Promise<SharderDoor[]> {
    const cluster = await this.connect();
    const sharders = await cluster.sharders();
    return Promise.all(
      sharders.map(async ({ name }) => ({ sharder: name, url: await cluster.sharderDoor(name) })),
    );
  }

  async logs(name: string, options: LogOptions): Promise<void> {
    if (readKindState(this.folder) === null)
      throw new ClusterError('there is no cluster, so there are no logs', { nextStep: 'Run `make up`.' });
    await showLog(await this.connect(), name, options);
  }

  async close(): Promise<void> {
    const connection = this.connection;
    this.connection = null;
    // A connection that could not be made has nothing to close.
    await connection?.then(
      (cluster) => cluster.close(),
      () => undefined,
    );
  }

  private blueprint(): Blueprint {
    const state = readKindState(this.folder);
    if (state === null) throw new UsageError('there is no cluster');
    return kindBlueprint(state.topology, state.image ?? state.topology.images.vase);
  }

  private async connect(): Promise<KubernetesCluster> {
    const state = readKindState(this.folder);
    if (state === null) throw new UsageError('there is no cluster');
    this.connection ??= KubernetesCluster.connect(placeOf(this.folder, state.topology));
    try {
      return await this.connection;
    } catch (error) {
      this.connection = null;
      if (!(error instanceof ClusterError)) throw error;
      throw new ClusterError(error.message, {
        nextStep: 'Run `make up`: it writes the file anew.',
        cause: error,
      });
    }
  }

  private async readStatus(): Promise<ClusterStatus> {
    const state = readKindState(this.folder);
    if (state === null) return emptyStatus({ provider: 'kind', health: 'absent' });
    try {
      const endpoint = endpointOf(state);
      return await readClusterStatus(await this.connect(), {
        provider: 'kind',
        endpoint,
        findPaused: findPausedPods,
        readDisk: (pods) => this.disks.status(state.topology, pods),
      });
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return this.explainSilence(state, error);
    }
  }

  /** Why the API does not answer. */
  private async explainSilence({ topology, phase }: KindState, error: ClusterError): Promise<ClusterStatus> {
    await demandPreflight({ profile: 'small', nodeImage: '', ports: [], diskFreeBytesMin: 0 });
    const nodes = await listNodes(topology.name);
    const stopped = nodes.filter((node) => !node.runs).map(({ name }) => name);
    if (nodes.length > 0 && stopped.length === nodes.length)
      return {
        ...emptyStatus({ provider: 'kind', health: 'stopped' }),
        notes: [`Its nodes are stopped: ${stopped.join(', ')}.`],
      };
    const what =
      nodes.length === 0
        ? `the nodes of the kind cluster ${topology.name} are gone`
        : phase === 'creating'
          ? `the kind cluster ${topology.name} is not whole: the \`up\` that made it was interrupted`
          : stopped.length > 0
            ? `the nodes ${stopped.join(', ')} do not run`
            : error.message;
    const fix = error.nextStep !== null && stopped.length === 0 ? error.nextStep : '`make up` mends it.';
    return { ...emptyStatus({ provider: 'kind', health: 'unavailable' }), problems: [{ what, fix }] };
  }
}

function sizesOf(blueprint: Blueprint): number[] {
  const { members, topology } = blueprint;
  const ids = members === undefined ? shardIds(topology) : [...members.keys()];
  return ids.map((id) => membersOf(blueprint, id).served.length);
}

function endpointOf(state: KindState | null): string | null {
  return state === null ? null : `http://${localHost}:${state.configuration.httpPort}`;
}

async function demandNothingLeft(name: string): Promise<void> {
  const left = await listNodes(name);
  if (left.length === 0) return;
  const names = left.map((node) => node.name).join(', ');
  throw new ClusterError(`kind has left ${names} behind`, {
    nextStep: `\`docker rm --force --volumes ${names}\`.`,
  });
}
