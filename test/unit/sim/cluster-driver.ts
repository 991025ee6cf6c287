/** A simulated cluster and a client for tests that ask one thing after the other. */
import type { EtcdRequest } from '../../../sharder/core/etcd-messages.ts';
import type { RpcResult } from '../../../sharder/core/ports.ts';
import type { ClusterOptions, SimCluster } from '../../../sim/etcd/cluster.ts';
import type { SimTraceLine } from '../../../sim/run/trace/sim-event.ts';
import { World } from '../../../sim/run/world/world.ts';

export class ClusterDriver {
  readonly world: World;
  readonly cluster: SimCluster;
  readonly lines: SimTraceLine[] = [];
  readonly #rpc;

  constructor(options: { seed?: number } & Partial<ClusterOptions> = {}) {
    const { seed = 1, ...cluster } = options;
    this.world = new World({ seed, observer: (line) => this.lines.push(line) });
    this.cluster = this.world.addCluster({ name: 'shard', ...cluster });
    this.#rpc = this.world.etcdRpc(this.world.addProcess('client'));
  }

  get rpc() {
    return this.#rpc;
  }

  /** Asks one member and lets time pass until the answer. */
  call(member: number, request: EtcdRequest, deadlineMs = 2_000): Promise<RpcResult> {
    return this.ask(this.cluster.endpoints[member]!, request, deadlineMs);
  }

  /** The same at any address. */
  async ask(endpoint: string, request: EtcdRequest, deadlineMs = 2_000): Promise<RpcResult> {
    const { kernel } = this.world;
    const promise = this.#rpc.call(endpoint, request, { deadlineMs });
    const stop = (): void => kernel.stop();
    promise.then(stop, stop);
    await this.world.run({ untilMs: this.world.nowMs + deadlineMs + 1 });
    return promise;
  }

  put(member: number, key: string, value = 'value', deadlineMs = 2_000): Promise<RpcResult> {
    return this.call(member, { kind: 'put', key, value: Buffer.from(value) }, deadlineMs);
  }

  /** The value of a key as one member says; null when there is none. Asks again when the connection was broken. */
  async get(member: number, key: string, serializable = false): Promise<string | null> {
    let result = await this.call(member, { kind: 'range', key, serializable });
    if (result.kind !== 'reply') result = await this.call(member, { kind: 'range', key, serializable });
    if (result.kind !== 'reply' || result.reply.kind !== 'range') throw new Error(JSON.stringify(result));
    const [kv] = result.reply.kvs;
    return kv === undefined ? null : Buffer.from(kv.value).toString();
  }

  async passMs(ms: number): Promise<void> {
    await this.world.run({ untilMs: this.world.nowMs + ms });
  }

  /** Waits until somebody leads. @returns the number of the leader. */
  async leader(): Promise<number> {
    for (let tries = 0; tries < 100; tries++) {
      const leader = this.cluster.leader();
      if (leader !== null) return leader.node - 1;
      await this.passMs(100);
    }
    throw new Error('no leader within ten virtual seconds');
  }

  /** Every process that became leader, by cluster term: more than one in a term breaks Raft. */
  leadersByTerm(): Map<number, Set<string>> {
    const leaders = new Map<number, Set<string>>();
    for (const { process, event } of this.lines) {
      if (event.name !== 'raft.leader') continue;
      const { term } = event;
      leaders.set(term, (leaders.get(term) ?? new Set()).add(process));
    }
    return leaders;
  }
}
