/**
 * Runs one scenario and judges it: clients work through the real sharder code while faults strike; then everything is
 * healed and must serve again; then every key is read through every sharder; then the properties are checked.
 */
import type { Limits } from '../../sharder/core/limits.ts';
import type { Operation as StoreOperation } from '../../sharder/core/operation.ts';
import { pause } from '../../sharder/core/pause.ts';
import { slotOf } from '../../sharder/core/slot.ts';
import type { ViewShard } from '../../sharder/core/view.ts';
import { hashText } from '../../sharder/hash.ts';
import type { PhaseEntered } from '../../cluster/resharding/mover-event.ts';
import type { SimCluster } from '../etcd/cluster.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import { World } from './world/world.ts';
import type { Operation } from '../checker/history/operation.ts';
import { AnswerChecks } from './properties/answer-checks.ts';
import { checkProperties } from './properties/check-properties.ts';
import { CopyRate } from './properties/copy-rate.ts';
import { compactSteadily } from './faults/fault-acts.ts';
import { type FaultTally, type FaultTargets, healAll, scheduleFaults } from './faults/fault-script.ts';
import { HistoryRecorder } from './properties/history-recorder.ts';
import { Operator } from './world/operator.ts';
import { OwnershipWatch } from './properties/ownership-watch.ts';
import { losesEvents, misleads } from './scenario/fault-traits.ts';
import { keyNames } from './scenario/key-names.ts';
import { KnowledgeWatch } from './properties/knowledge-watch.ts';
import { MinorityWatch } from './properties/minority-watch.ts';
import { MoveTally } from './properties/move-tally.ts';
import { RoomWatch } from './room-watch.ts';
import { PhaseStrikes } from './faults/phase-strikes.ts';
import { findRestless } from './rest-check.ts';
import { isPhaseEntered, type SimTraceLine, type SimTraceObserver } from './trace/sim-event.ts';
import type { Scenario } from './scenario/scenario.ts';
import { simMoverLimits } from './scenario/scenario-limits.ts';
import { readEverywhere, writeEverywhere } from './serve-again.ts';
import { RecordTeller } from './trace/record-teller.ts';
import { SimClient } from './world/sim-client.ts';
import { SimSharder } from './world/sim-sharder.ts';
import { SimViewServer } from './world/sim-view-server.ts';
import { StoredData } from './properties/stored-data.ts';
import { type Violation, Violations } from './properties/violations.ts';

export interface RunReport {
  /** Hash of everything that happened: the same scenario gives the same hash. */
  hash: string;
  violations: readonly Violation[];
  counts: { ok: number; failed: number; unknown: number };
  faults: FaultTally;
  /** Strikes by kind and phase of a move, and how often each was made. */
  strikes: ReadonlyMap<string, number>;
  counters: FaultCounters;
  movesDone: number;
  movesAborted: number;
  /** As in `MoveTally`; only of watches that tell all. */
  movesUnproven: number;
  movesFailed: number;
  copiesOutlasting: number;
  history: readonly Operation[];
}

/** Virtual time that the first elections and the first readiness get. */
const workFromMs = 600;
/**
 * Phases in which clients use the slots that move, and how many milliseconds after the entry they begin at most: a write from
 * before the copy must not be made again after it.
 */
const rushPhases: ReadonlyMap<PhaseEntered['name'], number> = new Map<PhaseEntered['name'], number>([
  ['move.import', 30],
  ['move.copy', 0],
  ['move.freeze', 0],
  ['move.drain', 0],
]);
/** When all is served again, requests that are still under way have at least this long to arrive where they must not. */
const aftermathMs = 1500;
/** A run may end early only when all members of all shards have agreed for this long. */
const quietMs = 500;
/** Bounds the rushes of a run: a mover that begins again and again does not draw ever more requests. */
const rushesMax = 32;
const rushKeysMax = 4;

export async function runScenario(
  scenario: Scenario,
  options: { observer?: SimTraceObserver } = {},
): Promise<RunReport> {
  const run = new ScenarioRun(scenario, options);
  return run.execute();
}

class ScenarioRun {
  readonly world: World;
  readonly sharders: SimSharder[];
  private readonly scenario: Scenario;
  private readonly violations = new Violations();
  private readonly recorder = new HistoryRecorder();
  private readonly stored = new StoredData(this.violations);
  private readonly checks = new AnswerChecks(this.violations, this.stored);
  private readonly ownership = new OwnershipWatch(this.violations, this.stored);
  private readonly minority: MinorityWatch;
  private readonly copyRate: CopyRate;
  private readonly room: RoomWatch;
  private readonly moves = new MoveTally((shard) => this.clusters.get(shard)!);
  private readonly knowledge = new KnowledgeWatch(this.violations);
  private readonly clusters = new Map<number, SimCluster>();
  private readonly operator: Operator;
  private readonly viewServers: SimViewServer[];
  private readonly clients: SimClient[];
  private readonly targets: FaultTargets;
  private readonly strikes: PhaseStrikes;
  private readonly tally: FaultTally = {};
  private readonly struck = new Map<string, number>();
  private readonly leaderOfTerm = new Map<string, string>();
  private readonly rushes: Promise<void>[] = [];
  private readonly rushRandom: RandomStream;
  private isConverged = false;
  private lastValue: number;
  private lastProcess = 0;

  constructor(scenario: Scenario, { observer }: { observer?: SimTraceObserver }) {
    this.scenario = scenario;
    // Number 0 is the empty value.
    this.lastValue = scenario.workload.valueBytes.some((bytes) => bytes > 4) ? -1 : 0;
    const { topology, limits, workload, moverLimits } = scenario;
    this.minority = new MinorityWatch(scenario, this.violations);
    this.copyRate = new CopyRate(scenario, this.violations);
    this.room = new RoomWatch(scenario, this.violations, (shard) => this.clusters.get(shard));
    const watched: SimTraceObserver = (line) => {
      this.noteLeader(line);
      this.strikes.onTrace(line);
      this.copyRate.onTrace(line);
      this.moves.onTrace(line);
      this.knowledge.onTrace(line);
      this.rush(line);
      observer?.(line);
    };
    this.world = new World({ seed: scenario.seed, network: topology.network });
    this.rushRandom = this.world.random('rush');
    const { world, violations } = this;
    const shards = Array.from({ length: topology.shards }, (_, index) => this.createCluster(index + 1));
    const home = shards[0]!.endpoints;
    const { keysPerSecondMax } = topology;
    this.operator = new Operator({
      world,
      shards,
      workload,
      violations,
      createCluster: (id) => this.createCluster(id),
      retire: (id) => this.clusters.get(id)!.retire(),
    });
    this.viewServers = Array.from(
      { length: topology.viewServers },
      (_, index) =>
        new SimViewServer(`view-${index + 1}`, {
          world,
          home,
          keysPerSecondMax,
          limits: { ...simMoverLimits, ...moverLimits },
          fillOf: (shard) => this.room.fillOf(shard),
          violations,
        }),
    );
    this.sharders = Array.from({ length: topology.sharders }, (_, index) =>
      this.createSharder(
        index,
        shards.map(({ endpoints }) => endpoints),
        limits,
      ),
    );
    this.targets = {
      world,
      sharders: this.sharders,
      viewServers: this.viewServers,
      clusterOf: (shard) => this.clusters.get(shard)!,
      rpc: world.etcdRpc(this.operator.process),
      abort: (move) => void this.operator.abort(move),
      faultsUntilMs: scenario.budgets.faultsUntilMs,
    };
    const strikes = scenario.faults.filter((fault) => fault.kind === 'strike_phase');
    const { targets, tally, struck } = this;
    this.strikes = new PhaseStrikes(strikes, { targets, tally, struck });
    world.tracer.observer = watched;
    if (observer !== undefined) this.ownership.teller = new RecordTeller(world.tracer);
    this.clients = Array.from({ length: scenario.workload.clients + 2 }, (_, index) =>
      this.createClient(index),
    );
  }

  async execute(): Promise<RunReport> {
    const { world, scenario } = this;
    const { faultsUntilMs, convergeMs } = scenario.budgets;
    const timed = scenario.faults.filter((fault) => fault.kind !== 'strike_phase');
    scheduleFaults(timed, this.targets, this.tally);
    world.kernel.scheduleAsync(0, () => void this.workThenServeAgain());
    this.room.look(world, this.sharders);
    await world.run({ untilMs: faultsUntilMs + convergeMs });
    if (!this.isConverged)
      this.violations.add('liveness', `not all is served again ${convergeMs} ms after everything was healed`);
    const { ownership, recorder, violations } = this;
    this.room.checkFinal(world.clusters);
    if (this.isConverged) {
      ownership.checkFinal();
      const restless = this.findRestless();
      if (restless !== null) violations.add('at_rest', restless);
    }
    const history = recorder.history((key) => ownership.movedSlots.has(slotOf(key, hashText)));
    const movesUnproven = this.moves.unproven;
    checkProperties({ scenario, recorder, history, ownership, violations, movesUnproven });
    return {
      hash: world.hash,
      violations: this.violations.list,
      counts: this.recorder.counts,
      faults: this.tally,
      strikes: this.struck,
      counters: world.counters,
      movesDone: ownership.movesDone,
      movesAborted: ownership.movesAborted,
      movesUnproven: scenario.faults.some(losesEvents) ? 0 : movesUnproven,
      movesFailed: this.moves.failed,
      copiesOutlasting: this.moves.copiesOutlasting,
      history,
    };
  }

  private findRestless(): string | null {
    const { sharders, viewServers, ownership, scenario } = this;
    const { view, mirrored } = ownership;
    // A watch of the view may be open at a member of another shard, which never tells.
    const isViewTold = !scenario.faults.some(misleads);
    return findRestless({
      sharders,
      viewServers,
      view: view!,
      mirrored,
      isViewTold,
      clusters: this.world.clusters,
    });
  }

  /** Ends the run when every shard has a leader, all its members have the same state, and all rests; else at its end. */
  private stopWhenQuiet(atMs: number, wasQuiet: boolean): void {
    const { kernel } = this.world;
    kernel.scheduleAsync(atMs * 1000, () => {
      const isQuiet =
        [...this.clusters.values()].every((cluster) => cluster.isRetired || cluster.hasOneRevision) &&
        this.findRestless() === null;
      if (isQuiet && wasQuiet) kernel.stop();
      else this.stopWhenQuiet(atMs + quietMs, isQuiet);
    });
  }

  /** Raft's election safety: at most one leader in a term. */
  private noteLeader({ process, event }: SimTraceLine): void {
    if (event.name !== 'raft.leader') return;
    const term = `${process.slice(0, process.lastIndexOf('-'))} in term ${event.term}`;
    const before = this.leaderOfTerm.get(term) ?? process;
    this.leaderOfTerm.set(term, process);
    if (before !== process)
      this.violations.add('one_leader_per_term', `${before} and ${process} both lead ${term}`);
  }

  /** Clients write and read the slots of a move while it moves them. */
  private rush({ event }: SimTraceLine): void {
    if (!isPhaseEntered(event)) return;
    const { world, scenario, ownership } = this;
    const delayMsMax = rushPhases.get(event.name);
    if (delayMsMax === undefined || this.rushes.length >= rushesMax) return;
    if (world.nowMs >= scenario.budgets.faultsUntilMs) return;
    const move = ownership.view?.moves.find(({ id }) => id === event.move);
    const keys = this.keys()
      .filter((key) => move?.slots.includes(slotOf(key, hashText)))
      .slice(0, rushKeysMax);
    if (keys.length === 0) return;
    const delayUs = delayMsMax === 0 ? 0 : this.rushRandom.nextBelow(1000 * delayMsMax);
    world.kernel.scheduleAsync(world.kernel.nowUs + delayUs, () =>
      this.rushes.push(this.clients[1]!.rush(keys)),
    );
  }

  private createCluster(id: number): ViewShard {
    const { topology } = this.scenario;
    const { retentionMs } = topology;
    const cluster = this.world.addCluster({ ...topology, name: `etcd-${id}` });
    this.clusters.set(id, cluster);
    this.ownership.observe(id, cluster);
    if (retentionMs !== null)
      compactSteadily(cluster, { world: this.world, rpc: () => this.targets.rpc, retentionMs });
    return { id, endpoints: cluster.endpoints };
  }

  private createSharder(
    index: number,
    [home, ...mirrors]: readonly (readonly string[])[],
    limits: Partial<Limits>,
  ): SimSharder {
    const { world, violations, recorder } = this;
    const name = `sharder-${index + 1}`;
    const onAbandoned = (operation: StoreOperation) => recorder.onAbandoned(operation);
    const { quotaBytes } = this.scenario.topology;
    const options = { limits, quotaBytes, violations, onAbandoned };
    return new SimSharder({ world, name, home: home!, mirrors, ...options });
  }

  private createClient(index: number): SimClient {
    const { world, scenario, sharders, recorder, checks, minority, violations } = this;
    const nextValue = () => ++this.lastValue;
    const nextProcess = () => ++this.lastProcess;
    return new SimClient(`client-${index}`, {
      world,
      scenario,
      sharders,
      recorder,
      checks,
      minority,
      violations,
      nextValue,
      nextProcess,
    });
  }

  private keys(): string[] {
    return keyNames(this.scenario.workload);
  }

  /** The whole life of the world: set up, work while faults strike, and, once all is healed, serve everything again. */
  private async workThenServeAgain(): Promise<void> {
    const { operator, sharders, viewServers, clients, scenario, world } = this;
    const { faultsUntilMs } = scenario.budgets;
    await operator.setUp();
    for (const sharder of sharders) sharder.start();
    for (const viewServer of viewServers) viewServer.start();
    const [reader, , ...workers] = clients;
    const share = Math.ceil(scenario.workload.operations / workers.length);
    const window = { fromMs: workFromMs, untilMs: faultsUntilMs };
    world.kernel.scheduleAsync(faultsUntilMs * 1000, () => healAll(this.targets));
    const crowds = scenario.workload.crowds.map((crowd) => clients[1]!.crowd(crowd));
    const work = workers.map((worker) => worker.run(share, window));
    await Promise.all([...work, operator.run(scenario.moves)]);
    await pause(reader!.process.clock, Math.max(0, faultsUntilMs - world.nowMs));
    await Promise.all([...this.rushes, ...crowds]);
    const proof = { client: reader!, sharders };
    await readEverywhere(proof, this.keys());
    await writeEverywhere(proof, this.ownership.view!);
    this.isConverged = true;
    this.stopWhenQuiet(world.nowMs + aftermathMs, false);
  }
}
