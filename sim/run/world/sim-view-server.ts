/** A view server in the simulator: the real movers over the simulated EtcdRpc. No lease: safety must not rest on one. */
import type { MoverLimits } from '../../../cluster/resharding/records/mover-limits.ts';
import { Resharder, type ResharderSettings } from '../../../cluster/resharding/resharder.ts';
import type { WorldProcess } from '../trace/sim-event.ts';
import type { World } from './world.ts';
import type { Violations } from '../properties/violations.ts';

export const simResharderSettings: ResharderSettings = {
  concurrentMovesMax: 3,
  slotsPerMoveMax: 128,
  keysPerSecondMax: null,
};

interface SimViewServerParts {
  world: World;
  home: readonly string[];
  keysPerSecondMax: number | null;
  limits: MoverLimits;
  fillOf: (shard: number) => number | null;
  violations: Violations;
}

export class SimViewServer {
  readonly process: WorldProcess;
  private readonly parts: SimViewServerParts;
  private resharder: Resharder | null = null;

  constructor(name: string, parts: SimViewServerParts) {
    this.parts = parts;
    this.process = parts.world.addProcess(name);
    this.process.onCrash.push(() => this.stop());
    this.process.onRestart.push(() => this.start());
  }

  start(): void {
    const { world, home, keysPerSecondMax, limits, fillOf, violations } = this.parts;
    const { clock, random, trace, name } = this.process;
    const rpc = world.etcdRpc(this.process);
    const settings = { ...simResharderSettings, keysPerSecondMax };
    const resharder = new Resharder({ clock, random, trace, rpc, home, settings, limits, fillOf });
    this.resharder = resharder;
    resharder
      .run()
      .catch((error: unknown) =>
        violations.add('mover_crash', `${name}: ${error instanceof Error ? error.stack : String(error)}`),
      );
  }

  /** Moves that it works on. */
  get movesUnderWay(): number {
    return this.resharder?.progress().length ?? 0;
  }

  private stop(): void {
    this.resharder?.stop();
    this.resharder = null;
  }
}
