/**
 * A simulated world: one kernel (virtual time), one network, processes with clocks, and etcd clusters of simulated
 * members. Everything in it follows from the seed. This is the composition root of the substrate; sharders, workloads
 * and scenarios are put on top of it:
 *
 *     const world = new World({ seed: 7 });                          // or { seed, observer: (line) => void }
 *     const shard = world.addCluster({ name: 'shard-1', members: 3, disk: 'pd-ssd', maxTxnOps: 1024 });
 *     shard.endpoints;                                               // ['shard-1-0:2379', 'shard-1-1:2379', ...]
 *
 *     const sharder = world.addProcess('sharder-1');                 // a SimProcess; { skewMs } is an option
 *     sharder.clock;                                                 // Clock: virtual time plus skew, timers die with the process
 *     sharder.random;                                                // Random: the stream named 'sharder-1'
 *     sharder.trace;                                                 // Trace: into the hash, and to the observer
 *     const rpc = world.etcdRpc(sharder);                            // EtcdRpc over the simulated network
 *
 *     // Between any two processes (a client and a sharder, say): unary calls with the semantics of a TCP connection.
 *     const server = new UnaryServer<Request, Reply>(sharder, (call) => { ...; call.answer(reply); });
 *     const result = await world.caller(client).call(server, request, { deadlineMs: 2_000 });
 *     // { kind: 'reply', reply } | { kind: 'not_sent', message } | { kind: 'lost', message }
 *
 *     world.kernel.schedule(5_000_000, callback, argument);          // at absolute virtual microseconds, synchronous code
 *     world.kernel.scheduleAsync(5_000_000, () => void main());      // code that starts or settles promises: barrier after
 *     world.kernel.touchPromises();                                  // inside an event: it turned out to be such code
 *
 *     await world.run({ untilMs: 30_000 });                          // also returns after world.kernel.stop(); may go on later
 *     world.hash;                                                    // 16 hex digits; the same seed gives the same hash
 *
 * Code that the ports call (timers of a process's clock, results of calls, watch events), and the handler of a `UnaryServer`,
 * get their barrier without a call.
 *
 * Faults (each may be called from any scheduled event; each that has had an effect is counted in `world.counters`):
 *
 *     world.network.partition([['shard-1-0'], ['shard-1-1', 'shard-1-2', 'sharder-1']]);   // others talk to everybody
 *     world.network.cut({ from: 'sharder-1', to: 'shard-1-0' });     // one way
 *     world.network.clog({ from: 'shard-1-0', to: 'shard-1-1', untilMs: 9_000 });          // holds, then releases
 *     world.network.setQuality({ loss: 0.02, duplicate: 0.01, reorder: 0.05 });            // chances, on every link
 *     world.network.heal();                                          // ends cuts, partitions, clogs, restores quality
 *     world.addresses.lead('shard-1-0:2379', other.member(0), { lasts: false });            // an address used again
 *     shard.member(0).crash('power');                                // unsynced writes are lost, no refusals; 'kill': neither
 *     shard.member(0).restart();
 *     shard.member(0).pause(); shard.member(0).resume();             // SIGSTOP, SIGCONT
 *     shard.member(0).loseDisk();                                    // it starts again only as another node, see JoinRounds
 *     shard.leader();                                                // SimMember | null: who leads in the highest term
 *     shard.member(0).disk.stall({ untilMs: 9_000 });                // with a power failure meanwhile: writes are lost
 *     shard.member(0).raft.onVoteSent.push(callback);                // a good moment for a crash
 *     sharder.crash(); sharder.restart(); sharder.pause(); sharder.resume();               // onCrash, onRestart: listeners
 *     sharder.clock.step(250); sharder.clock.setDrift(0.0005);
 *     world.addCluster({ name: 'shard-1', bugs: { readWithoutReadIndex: true } });         // negative controls
 *
 * A restarted process has a new incarnation: its clock, caller and EtcdRpc stay usable, calls of the old incarnation never
 * come back, and the composing code builds the program anew in `onRestart`.
 */
import type { EtcdRpc } from '../../../sharder/core/ports.ts';
import { AddressBook } from './address-book.ts';
import { ConnectionPool } from '../../network/connection-pool.ts';
import { endpointOf, SimCluster, type ClusterOptions } from '../../etcd/cluster.ts';
import type { SimMember } from '../../etcd/member.ts';
import { newFaultCounters } from '../../kernel/fault-counters.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { networkProfiles, type NetworkProfileName } from '../../kernel/latency.ts';
import { LinkTable } from '../../network/link-table.ts';
import { Network } from '../../network/network.ts';
import { SimProcess, type ProcessOptions } from '../../host/process.ts';
import { RandomStream } from '../../kernel/random-stream.ts';
import { guardAgainstReality } from '../../kernel/reality-guard.ts';
import { SimEtcdRpc } from '../../etcd/sim-etcd-rpc.ts';
import { Tracer } from '../../kernel/tracer.ts';
import { UnaryCaller } from '../../network/unary.ts';
import type { SimEvent, SimTraceObserver, WorldProcess } from '../trace/sim-event.ts';

export interface WorldOptions {
  /** A whole number from 0 to 2^53 - 1. */
  seed: number;
  /** Sees every trace event; has no effect on the run or its hash. */
  observer?: SimTraceObserver;
  /** Delay of every link that has no other. Default same_zone. */
  network?: NetworkProfileName;
}

export class World {
  readonly seed: number;
  readonly kernel = new Kernel();
  readonly tracer: Tracer<SimEvent>;
  readonly network: Network;
  readonly counters = newFaultCounters();
  readonly addresses = new AddressBook();
  readonly clusters: SimCluster[] = [];
  readonly processes: WorldProcess[] = [];
  readonly #links: LinkTable;
  readonly #pools = new Map<SimProcess, ConnectionPool>();

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.tracer = new Tracer(this.kernel, options.observer ?? null);
    this.#links = new LinkTable(networkProfiles[options.network ?? 'same_zone']);
    this.network = new Network({
      kernel: this.kernel,
      random: this.random('network'),
      hash: this.tracer.hash,
      counters: this.counters,
      links: this.#links,
    });
    this.tracer.hash.mixNumber(options.seed);
  }

  /** What has happened so far in sixteen hexadecimal digits. */
  get hash(): string {
    return this.tracer.hash.digest();
  }

  /** A stream of random numbers for one component; the same name gives the same numbers. */
  random(name: string): RandomStream {
    return new RandomStream(this.seed, name);
  }

  /** A process with a clock, a random stream and a trace. Names are unique. */
  addProcess(name: string, options: ProcessOptions = {}): WorldProcess {
    const { kernel, tracer, counters, seed } = this;
    const traceOf = (who: string) => tracer.for(who);
    const index = this.#links.addProcess(name);
    const process = new SimProcess<SimEvent>(name, index, { kernel, traceOf, counters, seed }, options);
    this.processes.push(process);
    return process;
  }

  /** The process of this name, members included. */
  process(name: string): WorldProcess {
    const process = this.processes.find((candidate) => candidate.name === name);
    if (process === undefined) throw new Error(`world: no process is named ${name}`);
    return process;
  }

  /** An etcd cluster whose members start now. May be called during a run. */
  addCluster(options: ClusterOptions): SimCluster {
    const cluster = new SimCluster(options, {
      addProcess: (name) => this.addProcess(name, { isThreaded: true }),
      network: this.network,
      hash: this.tracer.hash,
      counters: this.counters,
    });
    this.clusters.push(cluster);
    for (const [at, endpoint] of cluster.endpoints.entries())
      this.addresses.register(endpoint, cluster.member(at));
    return cluster;
  }

  /** One more process for a cluster, which is no member yet. Null: the cluster has had too many. */
  addMember(cluster: SimCluster): SimMember | null {
    const member = cluster.addMember();
    if (member !== null) this.addresses.register(endpointOf(member), member);
    return member;
  }

  /** An EtcdRpc that speaks from this process to the members of every cluster of this world. */
  etcdRpc(client: SimProcess): EtcdRpc {
    return new SimEtcdRpc(this.#poolOf(client), (endpoint) => this.addresses.memberAt(endpoint));
  }

  /** Makes calls from this process to any `UnaryServer`. */
  caller(client: SimProcess): UnaryCaller {
    return new UnaryCaller(this.#poolOf(client));
  }

  /** Runs until `untilMs` of virtual time, or until `kernel.stop()`; real clocks and real randomness throw meanwhile. */
  async run(options: { untilMs: number }): Promise<void> {
    const release = guardAgainstReality();
    try {
      await this.kernel.run({ untilUs: options.untilMs * 1000 });
    } finally {
      release();
    }
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.kernel.nowUs / 1000;
  }

  #poolOf(client: SimProcess): ConnectionPool {
    let pool = this.#pools.get(client);
    if (pool === undefined) {
      pool = new ConnectionPool(client, this.network, this.counters);
      this.#pools.set(client, pool);
    }
    return pool;
  }
}
