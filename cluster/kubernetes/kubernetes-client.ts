/**
 * The one file that speaks to Kubernetes. A client is made for one named context of one named file (or for the pod that
 * it runs in) and never looks at the user's current context. Objects are plain data, as in YAML. The library is loaded
 * when the first client is made: it takes half a second, and most commands need none.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import type { Socket } from 'node:net';
import type {
  KubeConfig,
  KubernetesObject,
  KubernetesObjectApi,
  RequestContext,
  V1Scale,
} from '@kubernetes/client-node';
import { ClusterError } from '../errors.ts';
import { describeCause, firstLine, KubernetesRefusal, sayWhy } from './kubernetes-errors.ts';
import type { ApiObject, LogRequest, ObjectName, ObjectSelection } from './kubernetes-objects.ts';

/** Kubernetes records under this name which fields are Vase's; deploy.sh gives the same. */
const fieldManager = 'vase';
/** An API server that is overloaded by nine pods that start at once still answers within seconds. */
const answerMsMax = 20_000;

/**
 * The object that is being applied, as JSON, sent instead of the library's own JSON: the library has other names for some
 * fields, a policy's `from` for one, and drops the fields that it does not know. A policy without `from` lets everybody
 * in.
 */
const exactBody = new AsyncLocalStorage<string>();

type Library = typeof import('@kubernetes/client-node');

export class KubernetesClient {
  private readonly library: Library;
  private readonly config: KubeConfig;
  private readonly objects: KubernetesObjectApi;
  private readonly sockets = new Set<Socket>();

  private constructor(library: Library, config: KubeConfig) {
    this.library = library;
    this.config = config;
    this.objects = new library.KubernetesObjectApi(this.bounded());
  }

  /**
   * A client for this context of this file, whichever context the file names as current.
   * @throws ClusterError when the file cannot be used.
   */
  static async forContext({
    kubeconfig,
    context,
  }: {
    kubeconfig: string;
    context: string;
  }): Promise<KubernetesClient> {
    if (!existsSync(kubeconfig)) throw new ClusterError(`there is no kubeconfig ${kubeconfig}`);
    const library = await import('@kubernetes/client-node');
    const config = new library.KubeConfig();
    try {
      config.loadFromFile(kubeconfig);
    } catch (error) {
      throw new ClusterError(`the kubeconfig ${kubeconfig} cannot be understood: ${firstLine(error)}`, {
        cause: error,
      });
    }
    if (config.getContextObject(context) === null)
      throw new ClusterError(`the kubeconfig ${kubeconfig} has no context ${context}`);
    config.setCurrentContext(context);
    if (config.getCurrentCluster() === null || config.getCurrentUser() === null)
      throw new ClusterError(
        `the context ${context} of ${kubeconfig} names a cluster or a user that is not in it`,
      );
    return new KubernetesClient(library, config);
  }

  /** A client with the rights of the service account of the pod that this process runs in. */
  static async inCluster(): Promise<KubernetesClient> {
    const library = await import('@kubernetes/client-node');
    const config = new library.KubeConfig();
    config.loadFromCluster();
    return new KubernetesClient(library, config);
  }

  /** "v1.35.0"; also shows whether the API answers at all. */
  async serverVersion(): Promise<string> {
    const api = this.config.makeApiClient(this.library.VersionApi);
    return (await this.ask('for its version', () => api.getCode({}, this.bounded()))).gitVersion;
  }

  /** Null when the object does not exist. */
  async read<T extends ApiObject>(name: ObjectName): Promise<T | null> {
    const { apiVersion, kind, namespace } = name;
    const metadata = { name: name.name, ...(namespace === undefined ? {} : { namespace }) };
    try {
      const found = await this.ask(`for ${kind} ${name.name}`, () =>
        this.objects.read({ apiVersion, kind, metadata }),
      );
      return plain(found) as T;
    } catch (error) {
      if (error instanceof KubernetesRefusal && error.status === 404) return null;
      throw error;
    }
  }

  async list<T extends ApiObject>({ apiVersion, kind, namespace, labels }: ObjectSelection): Promise<T[]> {
    const selector = Object.entries(labels ?? {}).map(([label, value]) => `${label}=${value}`);
    const none = undefined;
    const found = await this.ask(`for its objects of kind ${kind}`, () =>
      this.objects.list(
        apiVersion,
        kind,
        namespace,
        none,
        none,
        none,
        none,
        selector.join(',') || none,
        none,
        none,
      ),
    );
    return found.items.map((item) => ({ ...(plain(item) as T), apiVersion, kind }));
  }

  /**
   * Server-side apply, as `kubectl apply --server-side --field-manager=vase --force-conflicts`.
   * @param options.dryRun the server returns the result and changes nothing.
   * @returns the object after the change.
   */
  async apply<T extends ApiObject>(object: T, options: { dryRun?: boolean } = {}): Promise<T> {
    const dryRun = options.dryRun === true ? 'All' : undefined;
    const strategy = this.library.PatchStrategy.ServerSideApply;
    const patch = () =>
      this.objects.patch(
        object as unknown as KubernetesObject,
        undefined,
        dryRun,
        fieldManager,
        true,
        strategy,
      );
    const applied = await this.ask(`to take ${object.kind} ${object.metadata.name}`, () =>
      exactBody.run(JSON.stringify(object), patch),
    );
    return plain(applied) as T;
  }

  /** False when the object did not exist. Its dependants are deleted with it, in the background. */
  async delete(name: ObjectName, options: { graceSeconds?: number } = {}): Promise<boolean> {
    const { apiVersion, kind, namespace } = name;
    const metadata = { name: name.name, ...(namespace === undefined ? {} : { namespace }) };
    const none = undefined;
    try {
      await this.ask(`to delete ${kind} ${name.name}`, () =>
        this.objects.delete(
          { apiVersion, kind, metadata },
          none,
          none,
          options.graceSeconds,
          none,
          'Background',
          none,
        ),
      );
      return true;
    } catch (error) {
      if (error instanceof KubernetesRefusal && error.status === 404) return false;
      throw error;
    }
  }

  /** Sets the number of replicas of a Deployment through its scale, as an autoscaler does. */
  async scaleDeployment(namespace: string, name: string, replicas: number): Promise<void> {
    const api = this.config.makeApiClient(this.library.AppsV1Api);
    await this.ask(`to scale Deployment ${name}`, async () => {
      const scale: V1Scale = await api.readNamespacedDeploymentScale({ namespace, name }, this.bounded());
      scale.spec = { replicas };
      await api.replaceNamespacedDeploymentScale({ namespace, name, body: scale }, this.bounded());
    });
  }

  /** Sets the number of members of a StatefulSet, and changes nothing else of it. */
  async scaleStatefulSet(namespace: string, name: string, replicas: number): Promise<void> {
    const api = this.config.makeApiClient(this.library.AppsV1Api);
    await this.ask(`to scale StatefulSet ${name}`, async () => {
      const scale: V1Scale = await api.readNamespacedStatefulSetScale({ namespace, name }, this.bounded());
      scale.spec = { replicas };
      await api.replaceNamespacedStatefulSetScale({ namespace, name, body: scale }, this.bounded());
    });
  }

  /** The newest lines of a container's log; empty where it has none yet. */
  async readLog({ namespace, pod, container, lines, previous }: LogRequest): Promise<string> {
    const api = this.config.makeApiClient(this.library.CoreV1Api);
    const request = { namespace, name: pod, container, tailLines: lines, previous: previous === true };
    try {
      const text = await this.ask(`for the log of ${pod}`, () =>
        api.readNamespacedPodLog(request, this.bounded()),
      );
      return typeof text === 'string' ? text : '';
    } catch (error) {
      // The container has not started, or had no run before this one.
      if (error instanceof KubernetesRefusal && (error.status === 400 || error.status === 404)) return '';
      throw error;
    }
  }

  /** As `readLog`, and then new lines until the signal, or until the container ends. */
  async followLog(
    { namespace, pod, container, lines }: Omit<LogRequest, 'previous'>,
    { signal, write }: { signal: AbortSignal; write: (text: string) => void },
  ): Promise<void> {
    const log = new this.library.Log(this.config);
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        write(chunk.toString());
        done();
      },
    });
    const ended = new Promise<void>((resolve) => {
      for (const event of ['finish', 'close', 'error'] as const) sink.once(event, () => resolve());
    });
    const stream = new PassThrough();
    // An abort breaks the connection, which ends in an error of the stream: this is expected.
    stream.on('error', () => sink.destroy());
    stream.pipe(sink);
    const connection = await this.ask(`for the log of ${pod}`, () =>
      log.log(namespace, pod, container, stream, { follow: true, tailLines: lines }),
    );
    const stop = () => {
      connection.abort();
      sink.destroy();
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    await ended;
    signal.removeEventListener('abort', stop);
  }

  /**
   * Carries a connection's bytes to a port of a pod and back, over the API. When one side breaks, the other ends.
   */
  async forward(
    socket: Socket,
    { namespace, pod, port }: { namespace: string; pod: string; port: number },
  ): Promise<void> {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const forwarder = new this.library.PortForward(this.config);
    const failure = new Writable({
      write(message: Buffer, _encoding, done) {
        // The first message only names the port, and has no data here.
        if (message.length > 0) socket.destroy();
        done();
      },
    });
    try {
      const tunnel = await forwarder.portForward(namespace, pod, [port], socket, failure, socket);
      if (typeof tunnel === 'function') throw new Error('a tunnel that was not to be repeated is');
      tunnel.addEventListener('close', () => socket.destroy());
      tunnel.addEventListener('error', () => socket.destroy());
      socket.once('close', () => tunnel.terminate());
      if (socket.destroyed) tunnel.terminate();
    } catch {
      // The pod does not exist or does not run: the caller sees a connection that breaks at once.
      socket.destroy();
    }
  }

  /** Ends all tunnels. */
  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Settings of every call: it ends after `answerMsMax`, and sends an object as it is. */
  private bounded() {
    const cluster = this.config.getCurrentCluster()!;
    const { createConfiguration, ServerConfiguration } = this.library;
    return createConfiguration({
      baseServer: new ServerConfiguration(cluster.server, {}),
      authMethods: { default: this.config },
      promiseMiddleware: [
        {
          pre: async (context: RequestContext) => {
            context.setSignal(AbortSignal.timeout(answerMsMax));
            const body = exactBody.getStore();
            if (body !== undefined && context.getHttpMethod() === this.library.HttpMethod.PATCH)
              context.setBody(body);
            return context;
          },
          post: async (response) => response,
        },
      ],
    });
  }

  private async ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof this.library.ApiException)
        throw new KubernetesRefusal(
          error.code,
          `Kubernetes was asked ${what} and refused: ${sayWhy(error)}`,
          error,
        );
      const { server } = this.config.getCurrentCluster()!;
      throw new ClusterError(
        `the Kubernetes API at ${server} was asked ${what}: ${describeCause(error, answerMsMax)}`,
        {
          nextStep: 'See whether the cluster runs.',
          cause: error,
        },
      );
    }
  }
}

/** The object in the form in which it is sent: dates are text. */
function plain(object: unknown): unknown {
  return JSON.parse(JSON.stringify(object));
}
