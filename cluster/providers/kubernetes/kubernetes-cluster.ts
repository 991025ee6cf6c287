/**
 * One Vase cluster inside a Kubernetes cluster, as the providers reach it: objects over the API, members and sharders
 * through tunnels. Callers that ask for the status at the same moment share one request.
 */
import type { EtcdTls } from '../../../sharder/etcd/connection.ts';
import { readFsyncHistogram, type FsyncHistogram } from '../../metrics/fsync-histogram.ts';
import { GrpcEtcdCaller, type EtcdCaller } from '../../etcd/etcd-caller.ts';
import { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { etcdPorts, sharderPorts } from '../../manifests/names.ts';
import { componentOf, readLiveObjects, type Pod } from './live-objects.ts';
import { MemberCaller } from './member-caller.ts';
import { SharderNames } from './sharder-names.ts';
import { Tunnels } from './tunnels.ts';

/** A member's metrics are some 150 kB, and a nemesis asks for the status several times a second. */
const fsyncAgeMsMax = 5000;

export interface KubernetesPlace {
  kubeconfig: string;
  context: string;
  /** The cluster's name, which is its namespace too. */
  instance: string;
  /** What members ask of their clients; null or left out where they speak plain text. */
  tls?: EtcdTls | null;
  /** How long a pod may be without a node before that is a fault. Left out where all nodes are there. */
  placedMsMax?: number;
}

export class KubernetesCluster {
  readonly client: KubernetesClient;
  readonly instance: string;
  readonly placedMsMax: number | null;
  readonly tunnels: Tunnels;
  /** Calls members by their names inside the cluster. */
  readonly members: EtcdCaller;
  readonly sharderNames = new SharderNames();
  private readonly rpc: GrpcEtcdCaller;
  private fsyncs: { atMs: number; histograms: Promise<Map<string, FsyncHistogram>> } | null = null;

  private constructor(client: KubernetesClient, { instance, tls, placedMsMax }: KubernetesPlace) {
    this.client = client;
    this.instance = instance;
    this.placedMsMax = placedMsMax ?? null;
    this.tunnels = new Tunnels(client, instance);
    this.rpc = new GrpcEtcdCaller(tls ?? null);
    this.members = new MemberCaller(this.tunnels, this.rpc, Boolean(tls));
  }

  /** @throws ClusterError when the kubeconfig cannot be used. Nothing is asked of the cluster yet. */
  static async connect(place: KubernetesPlace): Promise<KubernetesCluster> {
    return new KubernetesCluster(await KubernetesClient.forContext(place), place);
  }

  /** Sharders by name, including the missing ones. */
  async sharders(): Promise<{ name: string; pod: Pod | null }[]> {
    const { pods, deployments } = await readLiveObjects(this.client, this.instance);
    const wanted =
      deployments.find((deployment) => componentOf(deployment) === 'sharder')?.spec?.replicas ?? 0;
    return this.sharderNames.assign(
      pods.filter((pod) => componentOf(pod) === 'sharder'),
      wanted,
    );
  }

  /** "http://127.0.0.1:…", which leads to one sharder alone, whichever pod has its name. */
  async sharderDoor(name: string): Promise<string> {
    const pod = () => this.sharderNames.podOf(name);
    return `http://${await this.tunnels.open({ name, port: sharderPorts.http, pod })}`;
  }

  /** The fsync histograms of these members, at most a few seconds old; none for members that do not answer. */
  async readFsyncs(members: readonly string[]): Promise<Map<string, FsyncHistogram>> {
    if (this.fsyncs === null || performance.now() - this.fsyncs.atMs > fsyncAgeMsMax)
      this.fsyncs = { atMs: performance.now(), histograms: this.askForFsyncs(members) };
    return this.fsyncs.histograms;
  }

  private async askForFsyncs(members: readonly string[]): Promise<Map<string, FsyncHistogram>> {
    const histograms = new Map<string, FsyncHistogram>();
    await Promise.all(
      members.map(async (name) => {
        const address = await this.tunnels.open({ name, port: etcdPorts.metrics, pod: () => name });
        const histogram = await readFsyncHistogram(`http://${address}`);
        if (histogram !== null) histograms.set(name, histogram);
      }),
    );
    return histograms;
  }

  async close(): Promise<void> {
    await this.rpc.close();
    await this.tunnels.close();
  }
}
