/** A member that has lost its place, or is out of reach, holds up what was sent to it, and nothing else of its shard for long: in virtual time. */
import { expect, test } from 'vitest';
import { initialFence } from '../../../sharder/core/fence.ts';
import { createFenceRequest } from '../../../sharder/core/first-fence.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { always, type Operation, type Outcome } from '../../../sharder/core/operation.ts';
import { createPending, type LaneKind } from '../../../sharder/core/pending.ts';
import { Shard } from '../../../sharder/core/shard.ts';
import { initialView } from '../../../sharder/core/view.ts';
import { EtcdShardClient } from '../../../sharder/etcd/client/shard-client.ts';
import { World } from '../../../sim/run/world/world.ts';

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const everyMs = 20;
const struckAtMs = 4000;
const untilMs = 16_000;

/** One shard of three members, and a sharder that writes a new key and reads another one every 20 ms. */
class Load {
  readonly world: World;
  readonly cluster;
  readonly sharder;
  readonly outcomes: Record<LaneKind, Outcome[]> = { read: [], write: [] };
  /** The longest time without an answered operation from the strike on, in milliseconds. */
  readonly longestMs: Record<LaneKind, number> = { read: 0, write: 0 };
  /** When members became leaders. */
  readonly electedAtMs: number[] = [];
  private readonly answeredAtMs: Record<LaneKind, number> = { read: struckAtMs, write: struckAtMs };
  private readonly client: EtcdShardClient;
  private readonly shard: Shard;

  constructor(seed: number) {
    const world = new World({
      seed,
      observer: ({ atUs, event }) => {
        if (event.name === 'raft.leader') this.electedAtMs.push(atUs / 1000);
      },
    });
    this.world = world;
    this.cluster = world.addCluster({ name: 'etcd-1', members: 3 });
    this.sharder = world.addProcess('sharder-1');
    const { clock, random, trace } = this.sharder;
    const { endpoints } = this.cluster;
    const rpc = world.etcdRpc(this.sharder);
    // Nobody asks how full the shard is: that would draw other delays for these seeds.
    const shared = { clock, trace, limits: { ...defaultLimits, roomPollMs: 0 } };
    const client = new EtcdShardClient({ ...shared, shard: 1, endpoints, rpc, random });
    const rest = { onMisrouted: () => undefined, onUnreachable: () => undefined };
    this.client = client;
    this.shard = new Shard({ id: 1 }, client, { ...shared, ...rest });
    const fence = createFenceRequest(initialFence(initialView([{ id: 1, endpoints }]), 1));
    world.kernel.scheduleAsync(
      2500 * 1000,
      () => void client.execute(fence, { readOnly: false, deadlineMs: 1000 }),
    );
    for (let number = 0; 3000 + number * everyMs < untilMs; number++)
      world.kernel.scheduleAsync((3000 + number * everyMs) * 1000, () => this.askBoth(number));
  }

  /** The sharder knows the others alone, so one of them passes on what it asks. */
  forgetLeader(): void {
    const leader = `${this.cluster.leader()!.process.name}:2379`;
    this.client.setEndpoints(this.cluster.endpoints.filter((endpoint) => endpoint !== leader));
  }

  async strike(act: () => void): Promise<void> {
    this.world.kernel.scheduleAsync(struckAtMs * 1000, act);
    await this.world.run({ untilMs: untilMs + 6000 });
  }

  /** How often each key that was written has been written. */
  writesOfKeys(): number[] {
    const { store } = this.cluster.leader()!.machine;
    return store.list({ start: 'd/', end: 'd0' }, Infinity).map(({ version }) => version);
  }

  private askBoth(number: number): void {
    const value = new Uint8Array(1);
    const put = { kind: 'put', key: `w${number}`, value, condition: always, wantPrevious: false } as const;
    this.ask('write', put);
    this.ask('read', { kind: 'get', key: `r${number}` });
  }

  private ask(lane: LaneKind, operation: Operation): void {
    const { clock } = this.sharder;
    const deadlineAtMs = clock.nowMs() + defaultLimits.operationTimeoutMs;
    this.shard.submit(createPending(operation, 0, deadlineAtMs, (outcome) => this.note(lane, outcome)));
  }

  private note(lane: LaneKind, outcome: Outcome): void {
    this.outcomes[lane].push(outcome);
    if (outcome.kind !== 'ok') return;
    const { nowMs } = this.world;
    this.longestMs[lane] = Math.max(this.longestMs[lane], nowMs - this.answeredAtMs[lane]);
    this.answeredAtMs[lane] = Math.max(nowMs, struckAtMs);
  }
}

const count = (outcomes: readonly Outcome[], kind: Outcome['kind']) =>
  outcomes.filter((outcome) => outcome.kind === kind).length;

/** What was acknowledged is there, what failed is not, and nothing was written twice. */
function expectEachWrittenOnce(load: Load): void {
  const { write } = load.outcomes;
  const writes = load.writesOfKeys();
  expect(new Set(writes)).toEqual(new Set([1]));
  expect(writes.length).toBeGreaterThanOrEqual(count(write, 'ok'));
  expect(writes.length).toBeLessThanOrEqual(count(write, 'ok') + count(write, 'unknown'));
}

test.each(seeds)(
  'the others go on under the new leader when the old one stands still, seed %i',
  async (seed) => {
    const load = new Load(seed);
    await load.strike(() => {
      const { process } = load.cluster.leader()!;
      process.pause();
      load.world.kernel.scheduleAsync((struckAtMs + 8000) * 1000, () => process.resume());
    });
    // Elections take 1 to 2 s.
    expect(load.longestMs.write).toBeGreaterThan(1000);
    expect(load.longestMs.write).toBeLessThan(2400);
    expect(load.longestMs.read).toBeLessThan(2400);
    expect(count(load.outcomes.read, 'ok')).toBe(load.outcomes.read.length);
    // One transaction was under way.
    expect(count(load.outcomes.write, 'unknown')).toBeLessThan(10);
    expectEachWrittenOnce(load);
  },
);

test.each(seeds)(
  'the others go on by another member when the leader is out of reach, seed %i',
  async (seed) => {
    const load = new Load(seed);
    await load.strike(() => {
      const { network, kernel } = load.world;
      network.cut({ from: load.sharder.name, to: load.cluster.leader()!.process.name });
      kernel.scheduleAsync((struckAtMs + 8000) * 1000, () => network.heal());
    });
    // Whoever waits for another key goes on as soon as the first one is stuck, and so does a read.
    expect(load.longestMs.write).toBeLessThan(defaultLimits.stuckMs + 100);
    expect(load.longestMs.read).toBeLessThan(defaultLimits.stuckMs + 100);
    expect(count(load.outcomes.read, 'ok')).toBe(load.outcomes.read.length);
    // Nothing else was given up for it.
    expect(count(load.outcomes.write, 'unknown')).toBeLessThan(3);
    expectEachWrittenOnce(load);
  },
);

test.each(seeds)(
  'what another member passed on to the old leader is not waited for, seed %i',
  async (seed) => {
    const load = new Load(seed);
    load.world.kernel.scheduleAsync((struckAtMs - 500) * 1000, () => load.forgetLeader());
    await load.strike(() => {
      const { process } = load.cluster.leader()!;
      process.pause();
      load.world.kernel.scheduleAsync((struckAtMs + 8000) * 1000, () => process.resume());
    });
    // An election may have to be repeated.
    const electedMs = load.electedAtMs.find((atMs) => atMs > struckAtMs)! - struckAtMs;
    expect(electedMs).toBeLessThan(4000);
    expect(load.longestMs.write).toBeLessThan(electedMs + 600);
    expectEachWrittenOnce(load);
  },
);

test.each(seeds)(
  'a leader that stands still for less than an election is waited for, seed %i',
  async (seed) => {
    const load = new Load(seed);
    await load.strike(() => {
      const { process } = load.cluster.leader()!;
      process.pause();
      load.world.kernel.scheduleAsync((struckAtMs + 900) * 1000, () => process.resume());
    });
    expect(count(load.outcomes.write, 'ok')).toBe(load.outcomes.write.length);
    expectEachWrittenOnce(load);
  },
);
