/** A view server in the simulator: the real movers over the simulated EtcdRpc. No lease: safety must not rest on one. */
import { type MoverLimits, defaultMoverLimits } from '../../cluster/viewserver/pure/mover-limits.ts';
import { Resharder, type ResharderSettings } from '../../cluster/viewserver/pure/resharder.ts';
import type { SimProcess } from '../process.ts';
import type { World } from '../world.ts';
import type { Violations } from './violations.ts';

/** Small enough that a few keys make pages and chunks, and short enough that two movers get out of each other's way in time. */
export const simMoverLimits: MoverLimits = {
  ...defaultMoverLimits,
  pageKeysMax: 1,
  writeOperationsMax: 2,
  clearKeysMax: 16,
  writesInFlightMax: 2,
  freezeLagKeysMax: 3,
  viewPollMs: 500,
  supersededPauseMsMax: 2000,
};

export const simResharderSettings: ResharderSettings = {
  concurrentMovesMax: 3,
  slotsPerMoveMax: 128,
  keysPerSecondMax: null,
};

interface SimViewServerParts {
  world: World;
  home: readonly string[];
  keysPerSecondMax: number | null;
  violations: Violations;
}

export class SimViewServer {
  readonly process: SimProcess;
  private readonly parts: SimViewServerParts;
  private resharder: Resharder | null = null;

  constructor(name: string, parts: SimViewServerParts) {
    this.parts = parts;
    this.process = parts.world.addProcess(name);
    this.process.onCrash.push(() => this.stop());
    this.process.onRestart.push(() => this.start());
  }

  start(): void {
    const { world, home, keysPerSecondMax, violations } = this.parts;
    const { clock, random, trace, name } = this.process;
    const rpc = world.etcdRpc(this.process);
    const settings = { ...simResharderSettings, keysPerSecondMax };
    const resharder = new Resharder({ clock, random, trace, rpc, home, settings, limits: simMoverLimits });
    this.resharder = resharder;
    resharder
      .run()
      .catch((error: unknown) =>
        violations.add('mover_crash', `${name}: ${error instanceof Error ? error.stack : String(error)}`),
      );
  }

  private stop(): void {
    this.resharder?.stop();
    this.resharder = null;
  }
}
