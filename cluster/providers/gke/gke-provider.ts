/**
 * The provider for a cluster on GKE that was deployed from this state folder: reading and watching need only the cluster's
 * API. Only `deploy-gke` and `destroy-gke`, which show their plan first, make or delete something that costs money or
 * holds data; bringing up what is deployed needs the same confirmation.
 */
import { findEndingCertificates } from './certificate-ends.ts';
import { ClusterError, UsageError } from '../../errors.ts';
import { viewServerName, viewServerPort } from '../../manifests/names.ts';
import { emptyStatus } from '../empty-status.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { showLog } from '../kubernetes/pod-logs.ts';
import { readClusterStatus } from '../kubernetes/read-status.ts';
import type {
  ActionOptions,
  ClusterStatus,
  FaultControl,
  LogOptions,
  Provider,
  SharderDoor,
  UpResult,
} from '../provider.ts';
import { readBalancer } from './endpoint.ts';
import { deploy } from './gke-actions.ts';
import { gkeBlueprint } from './gke-blueprint.ts';
import { gkeFiles, type GkeFiles } from './gke-files.ts';
import { readGkeState, type GkeState } from './gke-state.ts';
import { prepareSecrets } from './secrets.ts';
import { namesOf } from './resources/target.ts';

export interface GkeSettings {
  checkout: string;
  stateRoot: string;
  /** The project's id, if the user has given it as a confirmation; else empty. */
  confirm: string;
}

export class GkeProvider implements Provider {
  readonly kind = 'gke';
  readonly keepsDataWhenDown = false;
  readonly members = null;
  readonly faults: FaultControl = noFaults();
  private readonly settings: GkeSettings;
  private readonly files: GkeFiles;
  private connection: Promise<KubernetesCluster> | null = null;

  constructor(settings: GkeSettings) {
    this.settings = settings;
    this.files = gkeFiles(settings.stateRoot);
  }

  async up(requested: unknown, options: ActionOptions): Promise<UpResult> {
    const { checkout, stateRoot, confirm } = this.settings;
    const { target } = this.known();
    return deploy({ target, checkout, stateRoot }, { requested, confirm }, options);
  }

  async down(): Promise<void> {
    throw new ClusterError(
      'a cluster on GKE cannot be stopped: its machines and disks cost money as long as they are there',
      {
        nextStep: destroyHint(this.known()),
      },
    );
  }

  async clean(): Promise<void> {
    throw new ClusterError('what is on GKE is deleted by a command of its own', {
      nextStep: destroyHint(this.known()),
    });
  }

  async status(): Promise<ClusterStatus> {
    if (readGkeState(this.files) === null) return emptyStatus({ provider: 'gke', health: 'absent' });
    try {
      const cluster = await this.connect();
      const status = await readClusterStatus(cluster, { provider: 'gke', endpoint: await this.endpoint() });
      status.problems.push(...(await findEndingCertificates(this.files.certificates, Date.now())));
      return status;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      const fix = error.nextStep ?? 'See whether `gcloud auth login` has expired, and run `make deploy-gke`.';
      return {
        ...emptyStatus({ provider: 'gke', health: 'unavailable' }),
        problems: [{ what: error.message, fix }],
      };
    }
  }

  async endpoint(): Promise<string | null> {
    const state = readGkeState(this.files);
    if (state === null) return null;
    const address = await readBalancer(await this.connect());
    if (address === null) return null;
    return `${state.target.exposure.kind === 'public' ? 'https' : 'http'}://${address}:5000`;
  }

  /** @throws ClusterError: the view server cannot be reached from outside the cluster. */
  async viewServerEndpoint(): Promise<string | null> {
    const state = readGkeState(this.files);
    if (state === null || state.topology.viewServers === 0) return null;
    throw new ClusterError('the view server of a cluster on GKE is reached from inside its network alone', {
      nextStep: `Open a way to it (${portForward(state, this.files)}) and name it: --endpoint http://127.0.0.1:${viewServerPort}. Shards cannot be added on GKE: only deploying a new cluster makes certificates.`,
    });
  }

  /** None to the sharders of a public endpoint: they demand the token of every caller. */
  async sharderDoors(): Promise<SharderDoor[]> {
    if (readGkeState(this.files)?.target.exposure.kind === 'public') return [];
    const cluster = await this.connect();
    const sharders = await cluster.sharders();
    return Promise.all(
      sharders.map(async ({ name }) => ({ sharder: name, url: await cluster.sharderDoor(name) })),
    );
  }

  async logs(name: string, options: LogOptions): Promise<void> {
    await showLog(await this.connect(), name, options);
  }

  async close(): Promise<void> {
    const connection = this.connection;
    this.connection = null;
    await connection?.then(
      (cluster) => cluster.close(),
      () => undefined,
    );
  }

  private connect(): Promise<KubernetesCluster> {
    this.connection ??= connectTo(this.known(), this.files);
    return this.connection;
  }

  private known(): GkeState {
    const state = readGkeState(this.files);
    if (state !== null) return state;
    throw new UsageError(
      'no cluster was deployed to GKE from this state folder; see `vase deploy-gke --help`',
    );
  }
}

async function connectTo({ target, topology }: GkeState, files: GkeFiles): Promise<KubernetesCluster> {
  const blueprint = gkeBlueprint(target, { topology, image: topology.images.vase, secretsMark: null });
  const { operator } = await prepareSecrets(blueprint, { files, address: null, nowMs: Date.now() });
  return KubernetesCluster.connect({
    kubeconfig: files.kubeconfig,
    context: namesOf(target).context,
    instance: topology.name,
    tls: operator,
  });
}

function portForward({ target, topology }: GkeState, { kubeconfig }: GkeFiles): string {
  const to = `--kubeconfig ${kubeconfig} --context ${namesOf(target).context} --namespace ${topology.name}`;
  return `\`kubectl ${to} port-forward service/${viewServerName} ${viewServerPort}\``;
}

function destroyHint({ target: { project, region, name } }: GkeState): string {
  const named = name === 'vase' ? '' : ` NAME=${name}`;
  return `\`make destroy-gke PROJECT=${project} REGION=${region}${named}\` shows what would be deleted.`;
}

/** Faults are for clusters on the user's own machine: on GKE they would strike machines that cost money. */
function noFaults(): FaultControl {
  const refuse = async () => {
    throw new ClusterError('faults are not made on GKE', {
      nextStep: 'Use a cluster on this machine: `make up`.',
    });
  };
  return { targets: async () => [], kill: refuse, pause: refuse, resume: refuse, restart: refuse };
}
