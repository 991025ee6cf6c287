/** Runs one cell in virtual time: a world, a store of some design, a load, a window. */
import { Kernel } from '../kernel/kernel.ts';
import type { LatencyProfile } from '../kernel/latency.ts';
import { RandomStream } from '../kernel/random-stream.ts';
import type { BatchCount, CapacityWorld, StoreModel } from './store-model.ts';
import { type CapacityCell, defaultHorizon, type Horizon, type Prediction } from './cell.ts';
import { LatencyRecorder } from './latency-recorder.ts';
import { startLoad } from './load.ts';
import { Machine, Processor } from './processor.ts';
import type { Profile } from './profile.ts';
import { VaseModel } from './vase-model.ts';

/** The prediction for Vase with this cell on this platform. The same seed gives the same prediction. */
export function predictCell(
  profile: Profile,
  cell: CapacityCell,
  horizon: Partial<Horizon> = {},
): Promise<Prediction> {
  return runCell(
    {
      cell,
      machineCores: profile.machineCores,
      network: profile.network.users,
      generator: profile.generator,
      store: (world) => new VaseModel(world, profile, cell),
    },
    { ...defaultHorizon, ...horizon },
  );
}

export interface CellRun {
  cell: CapacityCell;
  machineCores: number | null;
  /** One way from a user to a sharder. */
  network: LatencyProfile;
  generator: Profile['generator'];
  store(world: CapacityWorld): StoreModel;
}

export async function runCell(run: CellRun, horizon: Horizon): Promise<Prediction> {
  const kernel = new Kernel();
  const random = new RandomStream(horizon.seed, 'capacity');
  const machine = run.machineCores === null ? null : new Machine(run.machineCores);
  const world = { kernel, random, machine };
  const store = run.store(world);
  const { requestsMax } = horizon;
  const { arrivals } = run.cell.load;
  // A steady state has been reached when every user has had a few turns, however short the time was.
  const beforeMax = Math.max(requestsMax / 2, arrivals.kind === 'closed' ? 3 * arrivals.users : 0);
  const recorder = new LatencyRecorder(kernel, { beforeMax, requestsMax });
  const generator =
    run.generator === null
      ? null
      : {
          requestUs: run.generator.requestUs,
          processor: new Processor(kernel, machine, {
            threads: run.generator.threads,
            limitCores: null,
            weight: 1,
            periodPhase: 0,
          }),
        };
  const rampUs = horizon.rampMs * 1000;
  startLoad({ world, store, cell: run.cell, recorder, network: run.network, generator, rampUs });
  await kernel.run({ untilUs: horizon.warmupMs * 1000 });
  const before = { ...store.used(), ...store.batches(), generatorUs: generator?.processor.usedUs ?? 0 };
  recorder.open();
  const startUs = kernel.nowUs;
  await kernel.run({ untilUs: startUs + horizon.durationMs * 1000 });
  const elapsedUs = kernel.nowUs - startUs;
  const used = store.used();
  const { reads, writes } = store.batches();
  return {
    requestsPerSecond: elapsedUs === 0 ? 0 : (recorder.count / elapsedUs) * 1_000_000,
    requests: recorder.count,
    refused: recorder.refused,
    latency: recorder.figures(),
    cores: {
      sharders: (used.shardersUs - before.shardersUs) / elapsedUs,
      members: (used.membersUs - before.membersUs) / elapsedUs,
      generator: ((generator?.processor.usedUs ?? 0) - before.generatorUs) / elapsedUs,
    },
    batch: { reads: meanBatch(reads, before.reads), writes: meanBatch(writes, before.writes) },
  };
}

function meanBatch(now: BatchCount, before: BatchCount): number | null {
  const transactions = now.transactions - before.transactions;
  return transactions === 0 ? null : (now.operations - before.operations) / transactions;
}
