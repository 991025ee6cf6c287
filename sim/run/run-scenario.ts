/**
 * Runs one scenario and judges it: clients work through the real sharder code while faults strike; then everything is
 * healed and must serve again; then every key is read through every sharder; then the properties are checked.
 */
import type { Limits } from '../../sharder/core/limits.ts';
import { pause } from '../../sharder/core/pause.ts';
import { slotOf } from '../../sharder/core/slot.ts';
import { hashText } from '../../sharder/hash.ts';
import type { FaultCounters } from '../fault-counters.ts';
import type { TraceLine, TraceObserver } from '../tracer.ts';
import { World } from '../world.ts';
import type { Operation } from '../checker/operation.ts';
import { checkProperties } from './check-properties.ts';
import { type FaultTally, healAll, scheduleFaults } from './fault-script.ts';
import { HistoryRecorder } from './history-recorder.ts';
import type { Scenario } from './scenario.ts';
import { SimClient } from './sim-client.ts';
import { SimSharder } from './sim-sharder.ts';
import { SlotOperator } from './slot-operator.ts';
import { type Violation, Violations } from './violations.ts';

export interface RunReport {
  /** Of everything that happened: the same scenario gives the same. */
  hash: string;
  violations: readonly Violation[];
  counts: { ok: number; failed: number; unknown: number };
  faults: FaultTally;
  counters: FaultCounters;
  movesDone: number;
  history: readonly Operation[];
}

/** Virtual time that the first elections and the first readiness get. */
const workFromMs = 600;
const finalReadRetryMs = 50;

export async function runScenario(
  scenario: Scenario,
  options: { observer?: TraceObserver } = {},
): Promise<RunReport> {
  const run = new ScenarioRun(scenario, options);
  return run.execute();
}

class ScenarioRun {
  readonly world: World;
  readonly sharders: SimSharder[];
  private readonly scenario: Scenario;
  private readonly violations = new Violations();
  private readonly recorder: HistoryRecorder;
  private readonly operator: SlotOperator;
  private readonly clients: SimClient[];
  private readonly moves: { atMs: number; slot: number; to: number }[];
  private readonly tally: FaultTally = {};
  private readonly leaderOfTerm = new Map<string, string>();
  private lastValue = 0;
  private lastProcess = 0;

  constructor(scenario: Scenario, { observer }: { observer?: TraceObserver }) {
    this.scenario = scenario;
    const { topology, limits } = scenario;
    const { shards, members, disk, network, preVote } = topology;
    const watched: TraceObserver = (line) => {
      if (line.event.name === 'raft.leader') this.noteLeader(line);
      observer?.(line);
    };
    this.world = new World({ seed: scenario.seed, network, observer: watched });
    const clusters = Array.from({ length: shards }, (_, index) =>
      this.world.addCluster({ name: `etcd-${index + 1}`, members, disk, preVote }),
    );
    const endpoints = clusters.map((cluster) => cluster.endpoints);
    this.operator = new SlotOperator(this.world, endpoints);
    this.moves = scenario.moves.map(({ atMs, key, to }) => ({
      atMs,
      slot: slotOf(`k${key % scenario.workload.keys}`, hashText),
      to: 1 + (to % shards),
    }));
    const movedSlots = new Set(this.moves.map(({ slot }) => slot));
    this.recorder = new HistoryRecorder(
      new Set(this.keys().filter((key) => movedSlots.has(slotOf(key, hashText)))),
    );
    this.sharders = Array.from({ length: topology.sharders }, (_, index) =>
      this.createSharder(index, endpoints[0]!, limits),
    );
    this.clients = Array.from({ length: scenario.workload.clients + 1 }, (_, index) =>
      this.createClient(index),
    );
  }

  async execute(): Promise<RunReport> {
    const { world, scenario } = this;
    const { faultsUntilMs, convergeMs } = scenario.budgets;
    scheduleFaults(scenario.faults, this, this.tally);
    let isConverged = false;
    world.kernel.scheduleAsync(0, () => {
      void this.everything().then(() => (isConverged = true));
    });
    await world.run({ untilMs: faultsUntilMs + convergeMs });
    if (!isConverged)
      this.violations.add('liveness', `not all is served again ${convergeMs} ms after everything was healed`);
    checkProperties({
      scenario,
      world,
      recorder: this.recorder,
      violations: this.violations,
      movesExpected: this.moves.length,
      movesDone: this.operator.movesDone,
    });
    return {
      hash: world.hash,
      violations: this.violations.list,
      counts: this.recorder.counts,
      faults: this.tally,
      counters: world.counters,
      movesDone: this.operator.movesDone,
      history: this.recorder.operations,
    };
  }

  /** Raft's election safety: at most one leader in a term. */
  private noteLeader({ process, event }: TraceLine): void {
    const term = `${process.slice(0, process.lastIndexOf('-'))} in term ${String(event['term'])}`;
    const before = this.leaderOfTerm.get(term) ?? process;
    this.leaderOfTerm.set(term, process);
    if (before !== process)
      this.violations.add('one_leader_per_term', `${before} and ${process} both lead ${term}`);
  }

  private createSharder(index: number, home: readonly string[], limits: Partial<Limits>): SimSharder {
    const { world, violations } = this;
    return new SimSharder({ world, name: `sharder-${index + 1}`, home, limits, violations });
  }

  private createClient(index: number): SimClient {
    const { world, scenario, sharders, recorder, violations } = this;
    const nextValue = () => ++this.lastValue;
    const nextProcess = () => ++this.lastProcess;
    return new SimClient(`client-${index}`, {
      world,
      scenario,
      sharders,
      recorder,
      violations,
      nextValue,
      nextProcess,
    });
  }

  private keys(): string[] {
    return Array.from({ length: this.scenario.workload.keys }, (_, index) => `k${index}`);
  }

  private async everything(): Promise<void> {
    const { operator, sharders, clients, scenario, world } = this;
    const { faultsUntilMs } = scenario.budgets;
    await operator.setUp();
    for (const sharder of sharders) sharder.start();
    const [reader, ...workers] = clients;
    const share = Math.ceil(scenario.workload.operations / workers.length);
    const window = { fromMs: workFromMs, untilMs: faultsUntilMs };
    world.kernel.scheduleAsync(faultsUntilMs * 1000, () => healAll(this));
    const work = workers.map((worker) => worker.run(share, window));
    const moving = this.runMoves();
    await Promise.all([...work, moving]);
    await pause(reader!.process.clock, Math.max(0, faultsUntilMs - world.nowMs));
    await this.readEverything(reader!);
  }

  /** One after the other, since two hand-overs of one slot at a time are the view server's business. */
  private async runMoves(): Promise<void> {
    const { clock } = this.operator.process;
    for (const { atMs, slot, to } of this.moves.toSorted((a, b) => a.atMs - b.atMs)) {
      await pause(clock, Math.max(0, atMs - this.world.nowMs));
      await this.operator.move(slot, to);
    }
  }

  /** Every key through every sharder, until it is answered: what was acknowledged must be there. */
  private async readEverything(reader: SimClient): Promise<void> {
    for (const sharder of this.sharders) {
      for (const key of this.keys()) {
        while (!(await reader.read(sharder, key))) await pause(reader.process.clock, finalReadRetryMs);
      }
    }
  }
}
