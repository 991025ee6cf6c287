/** A cluster of two shards with keys in it, whose slots are moved there and back. */
import { setTimeout as delay } from 'node:timers/promises';
import type { TopologyInput } from '../../../cluster/topology/topology.ts';
import { openCluster } from '../../resharding/open-clusters.ts';
import { ViewServer } from '../../resharding/view-server.ts';

export interface MoveBenchSettings {
  members: 1 | 3;
  keys: number;
  valueBytes: number;
}

/** Everything that belongs to the moves of one job. */
export interface JobMeasure {
  keys: number;
  /** From the first move's begin to the last one's end. */
  seconds: number;
  /** Milliseconds for which the slots of each move had no owner. */
  frozenMs: number[];
  /** Milliseconds of all moves together in each phase. */
  phaseMs: Map<string, number>;
}

const phases = ['import', 'copy', 'tail', 'freeze', 'drain', 'activate', 'publish', 'clean', 'done'];

const keysPerRequest = 100;
const requestsAtOnce = 8;
/** The events of a job that has ended are not all here yet. */
const eventsMsMax = 10_000;

export class MoveBench {
  readonly endpoint: string;
  readonly server: ViewServer;
  private readonly cluster: Awaited<ReturnType<typeof openCluster>>;
  private current = fresh();
  private jobs = 0;

  private constructor(cluster: Awaited<ReturnType<typeof openCluster>>) {
    this.cluster = cluster;
    this.endpoint = cluster.endpoint;
    this.server = new ViewServer(cluster.provider);
    void this.server.follow(({ name, data }) => {
      const { current } = this;
      this.notePhase(name, String(data['move']));
      if (name === 'move.import') current.fromMs = Math.min(current.fromMs, performance.now());
      if (name === 'move.done') {
        current.toMs = performance.now();
        current.done++;
      }
      if (name !== 'move.activated') return;
      current.activated++;
      current.keys += Number(data['keysCopied']);
      current.frozenMs.push(Number(data['frozenMs']));
    });
  }

  static async open({ members, keys, valueBytes }: MoveBenchSettings): Promise<MoveBench> {
    const topology: TopologyInput = { shards: 2, members, sharders: 1, moves: { keysPerSecond: 0 } };
    const bench = new MoveBench(await openCluster(topology));
    try {
      await bench.fill(keys, 'v'.repeat(valueBytes));
      return bench;
    } catch (error) {
      await bench.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.server.stop();
    await this.cluster.close();
  }

  async shard(id: number): Promise<{ endpoints: string[]; pids: number[] }> {
    const { shards } = await this.cluster.provider.status();
    const { members } = shards.find((shard) => shard.id === id)!;
    return {
      endpoints: members.map(({ endpoint }) => endpoint),
      pids: members.flatMap(({ pid }) => pid ?? []),
    };
  }

  async viewServerPids(): Promise<number[]> {
    const { viewServers } = await this.cluster.provider.status();
    return viewServers.flatMap(({ pid }) => pid ?? []);
  }

  /** Moves the slots by one job, to its end. Call it again only then. */
  async move(slots: string, to: number): Promise<JobMeasure> {
    this.current = fresh();
    const { current } = this;
    await this.server.carryOut('POST', '/moves', { slots, to }, `bench-${this.jobs++}`);
    const untilMs = performance.now() + eventsMsMax;
    while (current.done === 0 || current.done < current.activated) {
      if (performance.now() > untilMs) throw new Error('the view server tells nothing of its moves');
      await delay(10);
    }
    const { keys, frozenMs, phaseMs, fromMs, toMs } = current;
    return { keys, frozenMs, phaseMs, seconds: (toMs - fromMs) / 1000 };
  }

  private notePhase(event: string, move: string): void {
    const phase = event.replace(/^move\./, '');
    if (!phases.includes(phase)) return;
    const { entered, phaseMs } = this.current;
    const nowMs = performance.now();
    const before = entered.get(move);
    if (before !== undefined)
      phaseMs.set(before.phase, (phaseMs.get(before.phase) ?? 0) + nowMs - before.atMs);
    entered.set(move, { phase, atMs: nowMs });
  }

  private async fill(keys: number, value: string): Promise<void> {
    let next = 0;
    const work = async () => {
      while (next < keys) {
        const first = next;
        next = Math.min(keys, first + keysPerRequest);
        const operations = Array.from({ length: next - first }, (_, index) => ({
          op: 'put',
          key: `key-${first + index}`,
          value,
        }));
        const answer = await fetch(`${this.endpoint}/v1/batch`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ operations }),
        });
        if (!answer.ok) throw new Error(`the keys cannot be written: ${answer.status}`);
        await answer.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: requestsAtOnce }, work));
  }
}

function fresh() {
  return {
    keys: 0,
    frozenMs: [] as number[],
    phaseMs: new Map<string, number>(),
    /** Move to the phase that it is in. */
    entered: new Map<string, { phase: string; atMs: number }>(),
    fromMs: Infinity,
    toMs: 0,
    done: 0,
    activated: 0,
  };
}
