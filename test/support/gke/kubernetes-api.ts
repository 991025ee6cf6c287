/**
 * A stand-in for the parts of a Kubernetes API server that Vase uses: it stores objects, reports workloads as well at once,
 * and forwards ports of pods to real processes that run with the objects' own arguments and secrets. It does not check
 * objects; the test with kind proves that they are valid.
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { json } from 'node:stream/consumers';
import { WebSocketServer, type WebSocket } from 'ws';
import { balancerAddress } from './cloud.ts';
import { type CloudFiles, readBrokenPods, readJson, writeJson } from './cloud-files.ts';
import type { DataPlane } from './data-plane.ts';
import type { StoredObject } from './stored-object.ts';

const plurals: Record<string, string> = {
  networkpolicies: 'NetworkPolicy',
  storageclasses: 'StorageClass',
  ingresses: 'Ingress',
};
/** The kinds that Vase writes, by group and version. */
const groups: Record<string, string[]> = {
  v1: [
    'Namespace',
    'Service',
    'Secret',
    'ConfigMap',
    'ServiceAccount',
    'Pod',
    'Event',
    'PersistentVolumeClaim',
  ],
  'apps/v1': ['StatefulSet', 'Deployment'],
  'storage.k8s.io/v1': ['StorageClass'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
};
const clusterWide = new Set(['Namespace', 'StorageClass', 'ClusterRole', 'ClusterRoleBinding']);

function pluralOf(kind: string): string {
  const known = Object.entries(plurals).find(([, name]) => name === kind)?.[0];
  return known ?? `${kind.toLowerCase()}s`;
}

interface Route {
  apiVersion: string;
  kind: string;
  namespace: string | null;
  name: string | null;
  part: string | null;
}

export class KubernetesApi {
  private readonly server: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => 'v4.channel.k8s.io',
  });
  private readonly files: CloudFiles;
  private readonly dataPlane: DataPlane;
  /** How often each pod was deleted: its workload makes it again, as another pod. */
  private readonly deletedPods = new Map<string, number>();

  constructor(files: CloudFiles, dataPlane: DataPlane) {
    this.files = files;
    this.dataPlane = dataPlane;
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) =>
        send(response, 500, { message: String(error) }),
      );
    });
    this.server.on('upgrade', (request, socket, head) => {
      this.sockets.handleUpgrade(
        request,
        socket,
        head,
        (webSocket) => void this.forward(request.url!, webSocket),
      );
    });
  }

  /** "http://127.0.0.1:…" */
  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://stand-in');
    if (url.pathname === '/version')
      return send(response, 200, { major: '1', minor: '32', gitVersion: 'v1.32.0-stand-in' });
    const path = url.pathname.split('/').slice(1);
    const apiVersion = path[0] === 'api' ? path[1]! : `${path[1]}/${path[2]}`;
    const rest = path.slice(path[0] === 'api' ? 2 : 3);
    if (rest.length === 0) return send(response, 200, resourceList(apiVersion));
    const route = routeOf(apiVersion, rest);
    if (route.part === 'log') return send(response, 200, 'panic: invalid database\n');
    const body = request.method === 'GET' ? null : await json(request).catch(() => null);
    const { status, reply } = this.handle(request.method!, { route, url, body });
    send(response, status, reply);
  }

  private handle(
    method: string,
    { route, url, body }: { route: Route; url: URL; body: unknown },
  ): { status: number; reply: object } {
    const objects = readJson<Record<string, StoredObject>>(this.files.objects, {});
    const notFound = {
      status: 404,
      reply: { kind: 'Status', message: `${route.kind} ${route.name} not found`, code: 404 },
    };
    if (route.name === null)
      return {
        status: 200,
        reply: { kind: 'List', items: list(this.everything(objects), route, url.searchParams) },
      };
    const key = keyOf(route, route.name);
    const found = objects[key];
    if (route.part === 'scale') {
      if (found === undefined) return notFound;
      if (method === 'PUT')
        this.store(objects, key, { ...found, spec: { ...found.spec, ...(body as StoredObject).spec } });
      const { replicas = 1 } = readJson<Record<string, StoredObject>>(this.files.objects, {})[key]!.spec!;
      return { status: 200, reply: { kind: 'Scale', metadata: found.metadata, spec: { replicas } } };
    }
    switch (method) {
      case 'PATCH': {
        const isDryRun = url.searchParams.get('dryRun') === 'All';
        return { status: 200, reply: this.apply(objects, key, { applied: body as StoredObject, isDryRun }) };
      }
      case 'DELETE':
        if (route.kind === 'Pod') {
          this.deletedPods.set(route.name, (this.deletedPods.get(route.name) ?? 0) + 1);
          return { status: 200, reply: { kind: 'Status', status: 'Success' } };
        }
        if (found === undefined) return notFound;
        delete objects[key];
        writeJson(this.files.objects, objects);
        return { status: 200, reply: { kind: 'Status', status: 'Success' } };
      default:
        return found === undefined ? notFound : { status: 200, reply: found };
    }
  }

  /** The stored objects and their pods, with their status. */
  private everything(objects: Record<string, StoredObject>): StoredObject[] {
    const broken = new Set(readBrokenPods(this.files));
    return Object.values(objects).flatMap((object) => {
      const pods = podsOf(object, this.deletedPods).map((pod) =>
        broken.has(pod.metadata.name) ? crashing(pod) : pod,
      );
      const unready = pods.filter(({ metadata }) => broken.has(metadata.name)).length;
      return [unready === 0 ? object : withUnready(object, unready), ...pods];
    });
  }

  private apply(
    objects: Record<string, StoredObject>,
    key: string,
    { applied, isDryRun }: { applied: StoredObject; isDryRun: boolean },
  ): StoredObject {
    const before = objects[key];
    const replicas = before?.spec?.replicas ?? 1;
    const isDeployment = applied.kind === 'Deployment';
    const spec = isDeployment
      ? { spec: { ...applied.spec, replicas: applied.spec?.replicas ?? replicas } }
      : {};
    const next = { ...applied, ...spec };
    return isDryRun ? versioned(before, next) : this.store(objects, key, next);
  }

  private store(objects: Record<string, StoredObject>, key: string, next: StoredObject): StoredObject {
    const object = versioned(objects[key], next);
    objects[key] = object;
    writeJson(this.files.objects, objects);
    return object;
  }

  private async forward(path: string, webSocket: WebSocket): Promise<void> {
    const url = new URL(path, 'http://stand-in');
    const match = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/portforward$/.exec(url.pathname);
    const port = Number(url.searchParams.get('ports'));
    const objects = Object.values(readJson<Record<string, StoredObject>>(this.files.objects, {}));
    // The other side's bytes must wait until the process answers.
    const input = new PassThrough();
    webSocket.on('message', (message: Buffer) => input.write(message.subarray(1)));
    webSocket.on('close', () => input.destroy());
    const address = match === null ? null : await this.dataPlane.reach({ objects, pod: match[2]!, port });
    if (address === null || webSocket.readyState !== webSocket.OPEN) return webSocket.close();
    const socket = connect({ host: address, port });
    const header = Buffer.from([port & 0xff, port >> 8]);
    // Each stream, the data's and the errors', begins with the port.
    webSocket.send(Buffer.concat([Buffer.from([0]), header]));
    webSocket.send(Buffer.concat([Buffer.from([1]), header]));
    input.pipe(socket);
    webSocket.on('close', () => socket.destroy());
    socket.on('data', (data: Buffer) => webSocket.send(Buffer.concat([Buffer.from([0]), data])));
    socket.on('close', () => webSocket.close());
    socket.on('error', () => webSocket.close());
  }
}

function send(response: ServerResponse, status: number, reply: object | string): void {
  const isText = typeof reply === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json' });
  response.end(isText ? reply : JSON.stringify(reply));
}

function resourceList(groupVersion: string): object {
  const resources = (groups[groupVersion] ?? []).map((kind) => ({
    kind,
    name: pluralOf(kind),
    singularName: '',
    namespaced: !clusterWide.has(kind),
    verbs: [],
  }));
  return { kind: 'APIResourceList', groupVersion, resources };
}

function routeOf(apiVersion: string, rest: readonly string[]): Route {
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, name = null, part = null] = isNamespaced ? rest.slice(2) : rest;
  const kind = (groups[apiVersion] ?? []).find((candidate) => pluralOf(candidate) === plural) ?? plural!;
  return { apiVersion, kind, namespace: isNamespaced ? rest[1]! : null, name, part };
}

function keyOf({ apiVersion, kind, namespace }: Route, name: string): string {
  return `${apiVersion} ${kind} ${namespace ?? '-'} ${name}`;
}

function list(all: readonly StoredObject[], route: Route, query: URLSearchParams): StoredObject[] {
  const wanted = (query.get('labelSelector') ?? '').split(',').filter(Boolean);
  return all.filter(
    ({ kind, apiVersion, metadata }) =>
      kind === route.kind &&
      apiVersion === route.apiVersion &&
      (route.namespace === null || metadata.namespace === route.namespace) &&
      wanted.every((selector) => metadata.labels?.[selector.split('=')[0]!] === selector.split('=')[1]),
  );
}

/** The object as the server keeps it: a new version for any change, a new generation for a change of the specification. */
function versioned(before: StoredObject | undefined, next: StoredObject): StoredObject {
  const own = new Set(['uid', 'generation', 'resourceVersion', 'creationTimestamp', 'status']);
  const body = (object: StoredObject) =>
    JSON.stringify(object, (field, value: unknown) => (own.has(field) ? undefined : value));
  if (before !== undefined && body(before) === body(next)) return before;
  const isNewSpec = JSON.stringify(before?.spec) !== JSON.stringify(next.spec);
  const metadata = {
    ...next.metadata,
    uid: (before?.metadata['uid'] as string | undefined) ?? randomUUID(),
    creationTimestamp:
      (before?.metadata['creationTimestamp'] as string | undefined) ?? new Date().toISOString(),
    generation: Number(before?.metadata['generation'] ?? 0) + (isNewSpec ? 1 : 0),
    resourceVersion: String(Number(before?.metadata['resourceVersion'] ?? 0) + 1),
  };
  return withStatus({ ...next, metadata });
}

/** Every workload is well at once. */
function withStatus(object: StoredObject): StoredObject {
  const replicas = object.spec?.replicas ?? 1;
  const counts = { observedGeneration: object.metadata['generation'], replicas, updatedReplicas: replicas };
  switch (object.kind) {
    case 'StatefulSet': {
      const revision = createHash('sha256').update(JSON.stringify(object.spec)).digest('hex').slice(0, 8);
      const revisions = { currentRevision: revision, updateRevision: revision };
      return {
        ...object,
        status: { ...counts, ...revisions, readyReplicas: replicas, currentReplicas: replicas },
      };
    }
    case 'Deployment':
      return { ...object, status: { ...counts, availableReplicas: replicas, readyReplicas: replicas } };
    case 'Service':
      if (object.spec?.['type'] !== 'LoadBalancer') return object;
      return { ...object, status: { loadBalancer: { ingress: [{ ip: balancerAddress }] } } };
    default:
      return object;
  }
}

function withUnready(object: StoredObject, count: number): StoredObject {
  const status = object['status'] as { readyReplicas: number };
  return { ...object, status: { ...status, readyReplicas: status.readyReplicas - count } };
}

function crashing(pod: StoredObject): StoredObject {
  const container = {
    name: 'main',
    ready: false,
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 2, finishedAt: new Date().toISOString() } },
  };
  const conditions = [{ type: 'Ready', status: 'False' }];
  return { ...pod, status: { phase: 'Running', conditions, containerStatuses: [container] } };
}

function podsOf(
  { kind, metadata, spec }: StoredObject,
  deleted: ReadonlyMap<string, number>,
): StoredObject[] {
  if (kind !== 'StatefulSet' && kind !== 'Deployment') return [];
  const now = new Date().toISOString();
  const names = Array.from({ length: spec?.replicas ?? 1 }, (_, index) =>
    kind === 'StatefulSet' ? `${metadata.name}-${index}` : `${metadata.name}-pod-${index}`,
  );
  return names.map((name) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...spec!.template!.metadata,
      name,
      uid: `${String(metadata['uid'])} ${name} ${deleted.get(name) ?? 0}`,
      namespace: metadata.namespace!,
      creationTimestamp: metadata['creationTimestamp'],
    },
    spec: spec!.template!.spec as Record<string, unknown>,
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        { name: 'main', ready: true, restartCount: 0, state: { running: { startedAt: now } } },
      ],
    },
  }));
}
