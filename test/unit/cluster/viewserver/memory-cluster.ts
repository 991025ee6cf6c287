/** A cluster in memory for the view server's tests: etcd's state machine behind the shards' endpoints, and a fleet of names. */
import { pino } from 'pino';
import type { FleetOptions, MemberMetrics, ShardFleet } from '../../../../cluster/providers/shard-fleet.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';
import type { ViewServerConfig } from '../../../../cluster/viewserver/home/config.ts';
import { EventLog } from '../../../../cluster/viewserver/home/event-log.ts';
import { type Job, JOBS_KEY } from '../../../../cluster/viewserver/jobs/job.ts';
import { JobStore } from '../../../../cluster/viewserver/jobs/job-store.ts';
import { LeaderLease } from '../../../../cluster/viewserver/home/leader-lease.ts';
import { Leadership } from '../../../../cluster/viewserver/leading/leadership.ts';
import { ShardCaller } from '../../../../cluster/viewserver/home/shard-caller.ts';
import { NewestView } from '../../../../cluster/viewserver/home/newest-view.ts';
import type { EtcdEvent, EtcdRequest, WatchRequest } from '../../../../sharder/core/etcd-messages.ts';
import { initialFence } from '../../../../sharder/core/fence.ts';
import { createFenceRequest } from '../../../../sharder/core/first-fence.ts';
import { newIdentity } from '../../../../sharder/core/identity.ts';
import { bytesToJson, jsonToBytes } from '../../../../sharder/core/json-bytes.ts';
import type { EtcdRpc, RpcResult, WatchSink } from '../../../../sharder/core/ports.ts';
import {
  decodeView,
  encodeView,
  initialView,
  type View,
  VIEW_KEY,
  type ViewShard,
} from '../../../../sharder/core/view.ts';
import { systemClock, systemRandom } from '../../../../sharder/system-clock.ts';
import { intervalOf, isInside, orderOf } from '../../../../sharder/core/key-order.ts';
import { releases } from '../../../../sim/etcd/release.ts';
import { StateMachine } from '../../../../sim/etcd/state-machine.ts';

const endpointOf = (id: number) => `shard-${id}:2379`;

/** One etcd of one member. */
class MemoryEtcd {
  private readonly memberId: string;
  private readonly watches = new Set<{ request: WatchRequest; sink: WatchSink }>();
  readonly state = new StateMachine({
    release: releases['3.6'],
    electionMs: 1000,
    quotaBytes: null,
    requestSync: () => undefined,
    onChanges: (changes) => this.tell(changes),
  });
  private readonly header = (revision: number) => ({ memberId: this.memberId, revision, raftTerm: 1 });

  constructor(id: number) {
    this.memberId = String(id);
  }

  answer(request: EtcdRequest): RpcResult {
    if (request.kind === 'lease_keep_alive' || request.kind === 'lease_time_to_live')
      return { kind: 'lost', message: 'leases are not kept here' };
    if (request.kind === 'status') {
      const { revision } = this.state.store;
      const reply = {
        kind: 'status',
        version: this.state.release.version,
        dbSizeBytes: 0,
        dbSizeInUseBytes: 0,
        quotaBytes: 0,
        leaderId: this.memberId,
        isLearner: false,
      } as const;
      return {
        kind: 'reply',
        reply: { ...reply, header: this.header(revision), raftIndex: revision, raftTerm: 1 },
      };
    }
    const answer =
      request.kind === 'range'
        ? this.state.read(request, this.header)
        : this.state.apply(request, this.header)!;
    return answer;
  }

  watch(request: WatchRequest, sink: WatchSink): () => void {
    const watch = { request, sink };
    this.watches.add(watch);
    queueMicrotask(() => sink.onCreated?.(this.state.store.revision, this.memberId));
    return () => void this.watches.delete(watch);
  }

  private tell(changes: readonly EtcdEvent[]): void {
    for (const { request, sink } of this.watches) {
      const interval = intervalOf(request.key, request.rangeEnd);
      const events = changes.filter(({ kv }) => isInside(orderOf(kv.key), interval));
      const revision = changes[0]!.kv.modRevision;
      if (events.length > 0) setImmediate(() => sink.onEvents(events, revision));
    }
  }
}

export class MemoryCluster implements EtcdRpc {
  private readonly etcds = new Map<string, MemoryEtcd>();
  /** Endpoints that do not answer. */
  readonly silent = new Set<string>();
  /** Called before each request; may change what is there. */
  onCall: (request: EtcdRequest) => void = () => undefined;
  /** How much later an answer comes. */
  delayMsOf: (request: EtcdRequest) => number = () => 0;
  readonly fleet = new MemoryFleet(this);

  constructor(shards: number) {
    const view = initialView(
      Array.from({ length: shards }, (_, index) => ({
        ...this.make(index + 1),
        identity: newIdentity(systemRandom),
      })),
    );
    for (const { id } of view.shards) this.etcd(id).answer(createFenceRequest(initialFence(view, id)));
    this.setView(view);
  }

  make(id: number): ViewShard {
    this.etcds.set(endpointOf(id), new MemoryEtcd(id));
    return { id, endpoints: [endpointOf(id)] };
  }

  private etcd(id: number): MemoryEtcd {
    return this.etcds.get(endpointOf(id))!;
  }

  unmake(id: number): void {
    this.etcds.delete(endpointOf(id));
  }

  /** From now on each is at the other's address. */
  swap(one: number, other: number): void {
    const [first, second] = [this.etcd(one), this.etcd(other)];
    this.etcds.set(endpointOf(one), second).set(endpointOf(other), first);
  }

  get ids(): number[] {
    return [...this.etcds.keys()].map((endpoint) => Number(/\d+/.exec(endpoint)![0]));
  }

  silence(id: number): void {
    this.silent.add(endpointOf(id));
  }

  async call(endpoint: string, request: EtcdRequest): Promise<RpcResult> {
    await new Promise(setImmediate);
    this.onCall(request);
    const delayMs = this.delayMsOf(request);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const etcd = this.etcds.get(endpoint);
    if (etcd === undefined || this.silent.has(endpoint)) return { kind: 'lost', message: 'no answer' };
    return etcd.answer(request);
  }

  watch(endpoint: string, request: WatchRequest, sink: WatchSink): () => void {
    return this.etcds.get(endpoint)?.watch(request, sink) ?? (() => undefined);
  }

  /** It forgets all revisions but the newest. */
  compact(id: number): void {
    const etcd = this.etcd(id);
    etcd.answer({ kind: 'compact', revision: etcd.state.store.revision });
  }

  put(id: number, key: string, value: Uint8Array): void {
    this.etcd(id).answer({ kind: 'put', key, value });
  }

  get view(): View {
    return decodeView(this.get(1, VIEW_KEY)!);
  }

  setView(view: View): void {
    this.put(1, VIEW_KEY, encodeView(view));
  }

  /** As they are recorded, whether or not they can be read. */
  get jobs(): Job[] {
    const bytes = this.get(1, JOBS_KEY);
    return bytes === undefined ? [] : (bytesToJson(bytes) as { jobs: Job[] }).jobs;
  }

  setJobs(jobs: readonly Partial<Job>[]): void {
    const filled = jobs.map((job) => ({
      state: 'waiting',
      abort: false,
      note: 'waiting for its turn',
      askedAt: '2026-01-01T00:00:00.000Z',
      endedAt: null,
      ...job,
    }));
    this.put(1, JOBS_KEY, jsonToBytes({ format: 1, jobs: filled }));
  }

  /** The job, when it has ended. */
  async ended(id: string): Promise<Job> {
    for (;;) {
      const job = this.jobs.find((candidate) => candidate.id === id);
      if (job !== undefined && job.endedAt !== null) return job;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** A view server that leads; `onLog` gets its log's lines. */
  lead({
    onLog = () => undefined,
    windowSeconds = 30,
  }: { onLog?: (line: string) => void; windowSeconds?: number } = {}): Leadership {
    const home = new ShardCaller(this).client({ id: 0, endpoints: [endpointOf(1)] });
    const logger = pino({ level: 'warn' }, { write: onLog });
    const view = new NewestView({ rpc: this, clock: systemClock, home, endpoints: [endpointOf(1)] });
    const me = { name: 'view-server-1', address: '127.0.0.1:1' };
    const nothing = () => undefined;
    const ports = { clock: systemClock, random: systemRandom };
    const leadership = new Leadership({
      config: { ...config, autoscaling: { ...config.autoscaling, windowSeconds } },
      ...ports,
      trace: { emit: nothing },
      rpc: this,
      fleet: this.fleet,
      caller: new ShardCaller(this),
      jobs: new JobStore({ home, clock: systemClock, logger }),
      view,
      events: new EventLog(),
      lease: new LeaderLease({ ...me, home, ...ports, onGained: nothing, onLost: nothing }),
      logger,
      home,
    });
    void view.run(leadership.ended);
    leadership.ended.addEventListener('abort', () => home.close());
    return leadership;
  }

  get(id: number, key: string): Uint8Array | undefined {
    return this.etcd(id).state.store.get(key)?.value;
  }
}

/** Makes shards at once. */
class MemoryFleet implements ShardFleet {
  private readonly cluster: MemoryCluster;
  /** May throw, or wait. */
  onCreate: (id: number, options: FleetOptions) => Promise<void> | void = () => undefined;
  onDelete: (id: number, options: FleetOptions) => Promise<void> | void = () => undefined;

  constructor(cluster: MemoryCluster) {
    this.cluster = cluster;
  }

  async listShards(): Promise<ViewShard[]> {
    return this.cluster.ids.map((id) => ({ id, endpoints: [endpointOf(id)] }));
  }

  async createShard(id: number, options: FleetOptions): Promise<ViewShard> {
    await this.onCreate(id, options);
    return this.cluster.make(id);
  }

  async deleteShard(id: number, options: FleetOptions): Promise<void> {
    await this.onDelete(id, options);
    this.cluster.unmake(id);
  }

  async sharderCount(): Promise<number> {
    return 1;
  }

  async setSharderCount(): Promise<void> {
    throw new Error('there are no sharders');
  }

  async sharderMetrics(): Promise<string[]> {
    return this.sharders;
  }

  members: MemberMetrics[] = [];
  /** URLs of sharders' metrics. */
  sharders: string[] = [];

  async memberMetrics(): Promise<MemberMetrics[]> {
    return this.members;
  }
}

const config: ViewServerConfig = {
  name: 'view-server-1',
  home: [endpointOf(1)],
  host: '127.0.0.1',
  port: 0,
  advertise: '127.0.0.1:1',
  hosts: [],
  fleet: 'local',
  drainMs: 0,
  logLevel: 'warn',
  tls: null,
  autoscaling: parseTopology({}).autoscaling.shards,
  sharderCores: 1,
  moves: { concurrentMovesMax: 4, slotsPerMoveMax: 120, keysPerSecondMax: null },
};
